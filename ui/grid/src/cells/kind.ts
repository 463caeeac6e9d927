// What a type of values must know about itself to stand in a grid: how it is shown, its text for the clipboard, a value from text, and its editor.
import type { CellError, CellValue, Column, Shape } from '../types.ts';

export type Parsed = { ok: true; value: CellValue } | { ok: false; why: string };
/** Shape of the values and the name of their field, for what is said about a wrong text. */
export type Named = Shape & { name: string };

export interface CellKind {
  /** Numbers stand at the right. */
  readonly end?: boolean;
  readonly editor: 'input' | 'area' | 'date' | 'datetime' | 'time' | 'choice' | 'choices' | 'people' | 'link' | 'toggle' | 'rate' | 'files' | 'none';
  /** Keyboard on phones. */
  readonly inputMode?: 'decimal' | 'email' | 'url' | 'tel' | 'numeric';
  /** The value as people read it, in their locale. */
  show(value: CellValue, shape: Shape): string;
  /** Draws it; without this it is the text of `show`. */
  paint?(cell: HTMLElement, value: CellValue, shape: Shape): void;
  /** Exact text: copying and pasting it back gives the same value. */
  toText(value: CellValue, shape: Shape): string;
  /** The text that an editor starts with, where it is not that of `toText`. */
  edited?(value: CellValue, shape: Shape): string;
  /** Empty text is never passed: it is the empty cell for every kind. */
  fromText(text: string, column: Named): Parsed;
}

export const good = (value: CellValue): Parsed => ({ ok: true, value });
export const bad = (why: string): Parsed => ({ ok: false, why });
export const calculated = (): Parsed => bad('A calculated value cannot be written');

export const textOf = (value: CellValue): string => (typeof value === 'string' ? value : '');

/** Sets plain text; in a cell that already holds one text, only that text changes. */
export function paintText(cell: HTMLElement, text: string): void {
  const only = cell.firstChild;
  if (only instanceof Text && only === cell.lastChild) only.data = text;
  else cell.textContent = text;
}

/** What failed, in a calculated cell. A JSON field may hold such an object as its value: that is no error. */
export function errorOf(value: CellValue, column: Pick<Column, 'computed'>): string | undefined {
  if (column.computed !== true || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { error } = value as Partial<CellError>;
  return typeof error === 'string' && Object.keys(value).length === 1 ? error : undefined;
}
