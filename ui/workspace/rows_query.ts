// How the API is asked for what shows: which rows, in which groups, which of them folded.
import { foldsQuery } from './folds.ts';
import type { Model } from './model.ts';

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What decides which rows show: the view's conditions or one's own, and the text of "Find in view". Days begin in the person's own zone. */
export function rowsQuery(model: Model): Record<string, unknown> {
  const search = model.find.trim();
  return { ...model.rows, zone: ZONE, ...(search ? { search } : {}) };
}

/** The same for what counts lines: in a grouped view headings stand between the records. */
export function linesQuery(model: Model): Record<string, unknown> {
  return model.groups.length === 0 ? rowsQuery(model) : { ...rowsQuery(model), lines: true, ...foldsQuery(model.folds) };
}
