// Undo and redo. A group is what one action did; undoing writes the old values back, and only where a cell still holds what the action wrote:
// somebody else's later edit is never overwritten. Changes by others never enter.
import type { Selection } from './selection.ts';
import type { CellValue, CellWrite, LinkRef } from './types.ts';

export interface CellChange {
  record: string;
  field: string;
  before: CellValue;
  after: CellValue;
  /** In JSON an empty list and false are values. */
  exact?: boolean;
}

export type Group =
  | { kind: 'cells'; changes: CellChange[]; selection: Selection }
  | { kind: 'created'; records: string[]; changes: CellChange[]; selection: Selection }
  | { kind: 'deleted'; records: string[]; selection: Selection };

export interface History {
  readonly undo: readonly Group[];
  readonly redo: readonly Group[];
}

export const DEPTH = 200;
export const emptyHistory: History = { undo: [], redo: [] };

export function record(history: History, group: Group, depth = DEPTH): History {
  const changes = group.kind === 'cells' ? group.changes.filter((c) => !sameValue(c.before, c.after, c.exact)) : [];
  if (group.kind === 'cells' && changes.length === 0) return history;
  const kept = group.kind === 'cells' ? { ...group, changes } : group;
  return { undo: [...history.undo, kept].slice(-depth), redo: [] };
}

export function takeUndo(history: History): { group: Group; rest: History } | undefined {
  const group = history.undo.at(-1);
  return group && { group, rest: { undo: history.undo.slice(0, -1), redo: [...history.redo, group] } };
}

export function takeRedo(history: History): { group: Group; rest: History } | undefined {
  const group = history.redo.at(-1);
  return group && { group, rest: { undo: [...history.undo, group], redo: history.redo.slice(0, -1) } };
}

/** Writes that take the changes back (or do them again), and how many were left because the cell has changed since. */
export function plan(
  changes: readonly CellChange[],
  direction: 'undo' | 'redo',
  current: (record: string, field: string) => CellValue | undefined,
): { writes: CellWrite[]; skipped: number } {
  const writes: CellWrite[] = [];
  let skipped = 0;
  for (const change of changes) {
    const [expected, value] = direction === 'undo' ? [change.after, change.before] : [change.before, change.after];
    const now = current(change.record, change.field);
    if (now !== undefined && sameValue(now, expected, change.exact)) writes.push({ record: change.record, field: change.field, value });
    else skipped += 1;
  }
  return { writes, skipped };
}

/** Whether two values are one: an empty list, null and an empty box are all empty; a link is its record. */
export function sameValue(a: CellValue, b: CellValue, exact = false): boolean {
  if (exact) return JSON.stringify(a) === JSON.stringify(b);
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b)) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => sameLink(one, b[i])));
}

const plain = (value: CellValue): CellValue => (value === false || (Array.isArray(value) && value.length === 0) ? null : value);

function sameLink(a: CellValue, b: CellValue | undefined): boolean {
  if (!isLink(a) || !isLink(b)) return JSON.stringify(a) === JSON.stringify(b);
  return a.id !== '' && b.id !== '' ? a.id === b.id : a.name === b.name;
}

const isLink = (value: CellValue | undefined): value is LinkRef => typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value.id === 'string' && typeof value.name === 'string';
