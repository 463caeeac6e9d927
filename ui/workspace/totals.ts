// The footer: how many records, and for each field the total that the view says.
import { type FooterCell, type Kind, show } from '../grid/src/index.ts';
import { formatNumber } from '../grid/src/cells/number.ts';
import type { Aggregate, Field } from './api/types.ts';
import type { Model } from './model.ts';
import { counted, nounOf } from './nouns.ts';
import { rowsQuery } from './rows_query.ts';
import { shapeOf } from './values.ts';

export const aggregateLabel: Record<Aggregate, string> = { sum: 'Sum', avg: 'Average', min: 'Least', max: 'Most', filled: 'Filled', empty: 'Empty', unique: 'Different' };

const SUMS = new Set<Kind>(['number', 'currency', 'percent', 'duration', 'rating']);
const BOUNDS = new Set<Kind>(['date', 'datetime', 'time', 'year']);

/** The totals that make sense for values of a kind. */
export function aggregatesOf(kind: Kind): Aggregate[] {
  if (SUMS.has(kind)) return ['sum', 'avg', 'min', 'max', 'filled', 'empty', 'unique'];
  if (BOUNDS.has(kind)) return ['min', 'max', 'filled', 'empty', 'unique'];
  return kind === 'checkbox' || kind === 'button' ? ['filled', 'empty'] : ['filled', 'empty', 'unique'];
}

export function chooseTotal(model: Model, field: string, total: Aggregate | undefined): void {
  const { [field]: _, ...rest } = model.look.totals ?? {};
  void model.setView({ totals: total ? { ...rest, [field]: total } : rest }, false);
}

/** The chosen totals of fields that are there. The first field's place has the count. */
export function totalsOf(model: Model): Record<string, Aggregate> {
  const { table, look } = model;
  return Object.fromEntries(Object.entries(look.totals ?? {}).filter(([id]) => id !== table?.primary_field && model.field(id)));
}

/** Reads the chosen totals for the rows that show now. */
export async function readTotals(model: Model, signal: AbortSignal): Promise<Map<string, FooterCell>> {
  const { table, grid } = model;
  const cells = new Map<string, FooterCell>();
  if (!table || !grid) return cells;
  const total = grid.state.total;
  cells.set(table.primary_field, { label: counted(total, nounOf(table.name)), value: '' });
  const fields = totalsOf(model);
  if (Object.keys(fields).length === 0) return cells;
  const { data } = await model.api.ask<{ values: Record<string, number | string | null> }>('POST', `/v1/tables/${table.id}/aggregates`, { body: { ...rowsQuery(model), fields }, signal, reads: true });
  for (const [id, fn] of Object.entries(fields)) {
    const field = model.field(id);
    if (field) cells.set(id, { label: aggregateLabel[fn], value: shown(data.values[id] ?? null, fn, field) });
  }
  return cells;
}

/** A total in the words of the field's values: €1,200.00, 25 %, 1:30:00. */
export function shown(value: number | string | null, fn: Aggregate, field: Pick<Field, 'type' | 'options'>): string {
  if (value === null) return '–';
  if (fn === 'filled' || fn === 'empty' || fn === 'unique') return typeof value === 'number' ? formatNumber(value, 0) : value;
  const shape = shapeOf(field);
  if (typeof value === 'number' && (shape.kind === 'rating' || shape.kind === 'number')) {
    const precision = shape.kind === 'rating' ? (fn === 'avg' ? 1 : 0) : shape.precision;
    return formatNumber(value, fn === 'avg' ? Math.max(1, precision ?? 2) : precision);
  }
  if (shape.kind === 'percent' && fn === 'avg') return show(value, { ...shape, precision: Math.max(1, shape.precision ?? 1) });
  return show(typeof value === 'number' && shape.kind === 'duration' ? Math.round(value * 100) / 100 : value, shape);
}
