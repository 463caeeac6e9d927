// Export of the shown view, or of the whole base, as a file: fetched with the token, then saved by the browser.
import { ZONE } from './rows_query.ts';
import type { Model } from './model.ts';
import type { Items } from './ui/menu.tsx';

export type ExportFormat = 'csv' | 'tsv' | 'json' | 'ndjson' | 'xlsx';

export const FORMATS: [ExportFormat, string][] = [['csv', 'CSV'], ['xlsx', 'Excel'], ['json', 'JSON'], ['ndjson', 'lines of JSON'], ['tsv', 'TSV']];

export async function exportView(model: Model, format: ExportFormat = 'csv'): Promise<void> {
  const { table, view } = model;
  if (!table) return;
  try {
    const answer = await model.api.raw('GET', `/v1/tables/${table.id}/export.${format}`, { query: { view: view?.id, zone: ZONE } });
    save(await answer.blob(), `${table.name}${view ? ` - ${view.name}` : ''}.${format}`);
    if (model.ownLook) model.notice({ kind: 'info', text: `The file has ${view?.name ?? 'the view'} as it is saved, without what you changed for yourself.` });
  } catch (error) {
    model.fail(error, () => void exportView(model, format));
  }
}

export async function exportBase(model: Model, format: 'xlsx' | 'json'): Promise<void> {
  try {
    const answer = await model.api.raw('GET', `/v1/bases/${model.config.base}/export.${format}`, {});
    save(await answer.blob(), `${model.base?.name ?? 'Base'}.${format}`);
  } catch (error) {
    model.fail(error, () => void exportBase(model, format));
  }
}

export async function exportActivity(model: Model, query: { table: string | undefined; kind: string | undefined }): Promise<void> {
  try {
    const answer = await model.api.raw('GET', `/v1/bases/${model.config.base}/activity.csv`, { query });
    save(await answer.blob(), `${model.base?.name ?? 'Base'} activity.csv`);
  } catch (error) {
    model.fail(error, () => void exportActivity(model, query));
  }
}

/** What can be exported, for a menu; nothing for whom exports are not allowed. */
export function exportItems(model: Model): Items {
  if (!model.may('export')) return [];
  return [
    ...FORMATS.map(([format, name]) => ({ id: `export-${format}`, label: `Export ${model.view?.name ?? 'this view'} as ${name}`, icon: 'download' as const, run: () => void exportView(model, format) })),
    { id: 'export-base-xlsx', label: 'Export the base as Excel', icon: 'download', run: () => void exportBase(model, 'xlsx') },
    { id: 'export-base-json', label: 'Export the base as JSON', icon: 'download', run: () => void exportBase(model, 'json') },
  ];
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
