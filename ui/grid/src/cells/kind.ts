// What a field type must know about itself to stand in a grid: how it is painted, its text for the clipboard, a value from text, and its editor.
import type { CellValue, Column } from '../types.ts';

export type Parsed = { ok: true; value: CellValue } | { ok: false; why: string };

export interface CellKind {
  /** Numbers stand at the right. */
  readonly end?: boolean;
  readonly editor: 'input' | 'area' | 'date' | 'datetime' | 'list' | 'link' | 'toggle';
  /** Keyboard on phones. */
  readonly inputMode?: 'decimal' | 'email' | 'url';
  paint(cell: HTMLElement, value: CellValue, column: Column): void;
  /** Exact text: copying and pasting it back gives the same value. */
  toText(value: CellValue, column: Column): string;
  /** Empty text is never passed: it is the empty cell for every kind. */
  fromText(text: string, column: Column): Parsed;
}

export const good = (value: CellValue): Parsed => ({ ok: true, value });
export const bad = (why: string): Parsed => ({ ok: false, why });

/** Sets plain text; in a cell that already holds one text, only that text changes. */
export function paintText(cell: HTMLElement, text: string): void {
  const only = cell.firstChild;
  if (only instanceof Text && only === cell.lastChild) only.data = text;
  else cell.textContent = text;
}
