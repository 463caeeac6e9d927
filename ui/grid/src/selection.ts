// What is selected: one rectangle from an anchor to the focus. Positions are those of the view as it is now; `records` keeps the ids of the corners,
// so that the rectangle follows its records when rows move.
import type { At } from './types.ts';

export interface Selection {
  readonly anchor: At;
  readonly focus: At;
  /** Whole rows were chosen (by their numbers), whatever the columns. */
  readonly rows: boolean;
}

export interface Rect {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export interface Size {
  rows: number;
  cols: number;
}

export type Move = 'up' | 'down' | 'left' | 'right' | 'pageUp' | 'pageDown' | 'rowStart' | 'rowEnd' | 'top' | 'bottom' | 'first' | 'last';

export const at = (row: number, col: number): At => ({ row, col });
export const single = (where: At): Selection => ({ anchor: where, focus: where, rows: false });

/** Inclusive rectangle. */
export function rect(selection: Selection, size: Size): Rect {
  const { anchor, focus } = selection;
  return {
    top: Math.min(anchor.row, focus.row),
    bottom: Math.max(anchor.row, focus.row),
    left: selection.rows ? 0 : Math.min(anchor.col, focus.col),
    right: selection.rows ? Math.max(0, size.cols - 1) : Math.max(anchor.col, focus.col),
  };
}

export const contains = (r: Rect, row: number, col: number): boolean => row >= r.top && row <= r.bottom && col >= r.left && col <= r.right;
export const cellCount = (r: Rect): number => (r.bottom - r.top + 1) * (r.right - r.left + 1);

export function clampAt(where: At, size: Size): At {
  return at(Math.min(Math.max(where.row, 0), Math.max(0, size.rows - 1)), Math.min(Math.max(where.col, 0), Math.max(0, size.cols - 1)));
}

function step(from: At, move: Move, size: Size, page: number): At {
  const lastRow = size.rows - 1;
  const lastCol = size.cols - 1;
  switch (move) {
    case 'up': return at(from.row - 1, from.col);
    case 'down': return at(from.row + 1, from.col);
    case 'left': return at(from.row, from.col - 1);
    case 'right': return at(from.row, from.col + 1);
    case 'pageUp': return at(from.row - page, from.col);
    case 'pageDown': return at(from.row + page, from.col);
    case 'rowStart': return at(from.row, 0);
    case 'rowEnd': return at(from.row, lastCol);
    case 'top': return at(0, from.col);
    case 'bottom': return at(lastRow, from.col);
    case 'first': return at(0, 0);
    case 'last': return at(lastRow, lastCol);
  }
}

/** Moves the focus; with `extend` the anchor stays. */
export function moveBy(selection: Selection, move: Move, size: Size, page: number, extend: boolean): Selection {
  const focus = clampAt(step(selection.focus, move, size, page), size);
  return extend ? { ...selection, focus } : single(focus);
}

export const selectAll = (size: Size): Selection => ({ anchor: at(0, 0), focus: at(Math.max(0, size.rows - 1), Math.max(0, size.cols - 1)), rows: true });

/** The same selection in a view of another size. */
export function fit(selection: Selection, size: Size): Selection {
  return { ...selection, anchor: clampAt(selection.anchor, size), focus: clampAt(selection.focus, size) };
}

/** Follows records to their new rows; `where` answers undefined for a record that is not at hand, whose corner then stays. */
export function follow(selection: Selection, ids: { anchor?: string; focus?: string }, where: (id: string) => number | undefined, size: Size): Selection {
  const row = (corner: At, id: string | undefined) => at((id !== undefined ? where(id) : undefined) ?? corner.row, corner.col);
  return fit({ ...selection, anchor: row(selection.anchor, ids.anchor), focus: row(selection.focus, ids.focus) }, size);
}
