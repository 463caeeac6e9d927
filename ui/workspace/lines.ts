// Lines of a grouped view as the grid has them: records with their places, headings with their totals in words.
import type { FooterCell, Line, Window } from '../grid/src/index.ts';
import type { Aggregate, Field, GroupAnswer, LinesAnswer } from './api/types.ts';
import { aggregateLabel, shown } from './totals.ts';

export function linesWindow(answer: LinesAnswer, fields: readonly Field[], totals: Readonly<Record<string, Aggregate>>): Window {
  let { place } = answer;
  const line = (one: LinesAnswer['lines'][number]): Line => {
    if (!Array.isArray(one)) {
      place = one.first;
      return { id: one.key, level: one.level, values: one.values, count: one.count, folded: one.collapsed, totals: words(one, fields, totals) };
    }
    const [id, ...values] = one;
    return { id, place: place++, cells: Object.fromEntries(answer.fields.map((field, i) => [field, values[i] ?? null])) };
  };
  return { version: answer.version, total: answer.total, records: answer.records, offset: answer.offset, rows: answer.lines.map(line) };
}

function words(group: GroupAnswer, fields: readonly Field[], totals: Readonly<Record<string, Aggregate>>): Record<string, FooterCell> {
  const cells: Record<string, FooterCell> = {};
  for (const [id, fn] of Object.entries(totals)) {
    const field = fields.find((f) => f.id === id);
    if (field) cells[id] = { label: aggregateLabel[fn], value: shown(group.totals[id] ?? null, fn, field) };
  }
  return cells;
}
