// The footer: how many records, and for each field the total that the view says.
import { type FooterCell, type Kind } from '../grid/src/index.ts';
import { formatNumber } from '../grid/src/cells/number.ts';
import { formatDate } from '../grid/src/cells/date.ts';
import { formatDateTime } from '../grid/src/cells/datetime.ts';
import type { Aggregate, Field } from './api/types.ts';
import { rowsQuery } from './grid_host.ts';
import type { Model } from './model.ts';
import { counted, nounOf } from './nouns.ts';

export const aggregateLabel: Record<Aggregate, string> = { sum: 'Sum', avg: 'Average', min: 'Least', max: 'Most', filled: 'Filled', empty: 'Empty', unique: 'Different' };

export function aggregatesOf(kind: Kind): Aggregate[] {
  if (kind === 'number') return ['sum', 'avg', 'min', 'max', 'filled', 'empty', 'unique'];
  if (kind === 'date' || kind === 'datetime') return ['min', 'max', 'filled', 'empty', 'unique'];
  return kind === 'checkbox' ? ['filled', 'empty'] : ['filled', 'empty', 'unique'];
}

export function chooseTotal(model: Model, field: string, total: Aggregate | undefined): void {
  const { [field]: _, ...rest } = model.look.totals ?? {};
  void model.setView({ totals: total ? { ...rest, [field]: total } : rest }, false);
}

/** Reads the chosen totals for the rows that show now. */
export async function readTotals(model: Model, signal: AbortSignal): Promise<Map<string, FooterCell>> {
  const { table, grid } = model;
  const cells = new Map<string, FooterCell>();
  if (!table || !grid) return cells;
  const total = grid.state.total;
  cells.set(table.primary_field, { label: counted(total, nounOf(table.name)), value: '' });
  const fields = Object.fromEntries(Object.entries(model.look.totals ?? {}).filter(([id]) => id !== table.primary_field && model.field(id)));
  if (Object.keys(fields).length === 0) return cells;
  const { data } = await model.api.ask<{ values: Record<string, number | string | null> }>('POST', `/v1/tables/${table.id}/aggregates`, { body: { ...rowsQuery(model), fields }, signal, reads: true });
  for (const [id, fn] of Object.entries(fields)) {
    const field = model.field(id);
    if (field) cells.set(id, { label: aggregateLabel[fn as Aggregate], value: shown(data.values[id] ?? null, fn as Aggregate, field) });
  }
  return cells;
}

function shown(value: number | string | null, fn: Aggregate, field: Field): string {
  if (value === null) return '–';
  if (typeof value === 'string') return field.type === 'date' ? formatDate(value) : formatDateTime(value, field.options?.zone);
  const counting = fn === 'filled' || fn === 'empty' || fn === 'unique';
  return formatNumber(value, counting ? 0 : fn === 'avg' ? Math.max(1, field.options?.precision ?? 2) : field.options?.precision);
}
