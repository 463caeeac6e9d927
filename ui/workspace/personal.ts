// What somebody who may not change views changes for themselves: laid over the saved view, kept in this page only, gone when it is left.
import type { Field, ViewConfig } from './api/types.ts';
import { complete } from './conditions.ts';

/** The parts of a view that decide what is seen; widths and the like are nobody's news. */
const SEEN = ['where', 'sort', 'group', 'hidden'] as const;

/** The view as it shows: the saved one with one's own changes over it. */
export const shownConfig = (saved: ViewConfig, own: ViewConfig | undefined): ViewConfig => (own ? { ...saved, ...own } : saved);

/** Whether one's own changes show other rows, another order or other fields than the saved view. */
export function differs(saved: ViewConfig, own: ViewConfig | undefined): boolean {
  return own !== undefined && SEEN.some((part) => part in own && text(own[part]) !== text(saved[part]));
}

const text = (value: unknown): string => (Array.isArray(value) && value.length === 0 ? 'null' : JSON.stringify(value ?? null));

/**
 * How the API is asked for the rows. With a view its conditions always hold and others narrow it further; one's own may also leave one of
 * them out, so then the conditions are sent themselves and the view is not named.
 */
export function rowsOf(view: string | undefined, saved: ViewConfig, own: ViewConfig | undefined): Record<string, unknown> {
  const { where, filter, sort, group } = shownConfig(saved, own);
  const groups = text(group) === text(saved.group) ? {} : { group: group ?? [] };
  if (text(where) === text(saved.where) && text(sort) === text(saved.sort)) return { view, ...groups };
  return { ...(where ? { where } : {}), ...(filter ? { filter } : {}), sort: sort ?? [], ...(group?.length ? { group } : {}) };
}

/** One's own changes without fields that are not there any more: the server would refuse them. */
export function pruned(own: ViewConfig, fields: readonly Field[]): ViewConfig {
  const known = new Set(fields.map((f) => f.id));
  const next = { ...own };
  if (own.where) next.where = complete(own.where, [...fields]);
  if (own.sort) next.sort = own.sort.filter((s) => known.has(s.field));
  if (own.group) next.group = own.group.filter((s) => known.has(s.field));
  if (own.hidden) next.hidden = own.hidden.filter((id) => known.has(id));
  return next;
}
