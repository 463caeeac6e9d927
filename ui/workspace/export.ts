// Export of the shown view as CSV: fetched with the token, then saved by the browser.
import { ZONE } from './grid_host.ts';
import type { Model } from './model.ts';

export async function exportView(model: Model): Promise<void> {
  const { table, view } = model;
  if (!table) return;
  try {
    const answer = await model.api.raw('GET', `/v1/tables/${table.id}/export.csv`, { query: { view: view?.id, zone: ZONE } });
    const url = URL.createObjectURL(await answer.blob());
    const link = document.createElement('a');
    link.href = url;
    link.download = `${table.name}${view ? ` - ${view.name}` : ''}.csv`;
    link.click();
    if (model.ownLook) model.notice({ kind: 'info', text: `The file has ${view?.name ?? 'the view'} as it is saved, without what you changed for yourself.` });
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (error) {
    model.fail(error, () => void exportView(model));
  }
}
