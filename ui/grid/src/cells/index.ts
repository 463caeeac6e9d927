// Every kind by its name: the one place that a new type of values is added to the grid.
import type { CellValue, Column, Kind, Shape } from '../types.ts';
import { button } from './button.ts';
import { checkbox } from './checkbox.ts';
import { barcode, colour, geo, phone, richText, uuid } from './codes.ts';
import { date } from './date.ts';
import { datetime } from './datetime.ts';
import { duration } from './duration.ts';
import { email } from './email.ts';
import { attachment, signature } from './files.ts';
import { errorOf, type CellKind, type Named, type Parsed, good, paintText } from './kind.ts';
import { errorWords, paintError } from './error.ts';
import { json } from './json.ts';
import { link } from './link.ts';
import { list } from './list.ts';
import { longText } from './long_text.ts';
import { multiSelect } from './multi_select.ts';
import { currency, percent } from './money.ts';
import { number, year } from './number.ts';
import { rating } from './rating.ts';
import { select } from './select.ts';
import { text } from './text.ts';
import { time } from './time.ts';
import { url } from './url.ts';
import { user } from './user.ts';

export const kinds: Record<Kind, CellKind> = {
  text, long_text: longText, rich_text: richText, number, currency, percent, duration, rating, checkbox, date, datetime, time, year, select,
  multi_select: multiSelect, user, email, url, phone, barcode, json, uuid, colour, geo, attachment, signature, link, button, list,
};

/** What is needed to draw a value. */
export type Drawn = Shape & Pick<Column, 'computed'>;

/** An empty list is an empty cell, but not in JSON. */
const isEmpty = (value: CellValue, { kind }: Shape): boolean => value === null || (kind !== 'json' && Array.isArray(value) && value.length === 0);

export function toText(value: CellValue, column: Drawn): string {
  if (isEmpty(value, column) && column.kind !== 'checkbox') return '';
  const error = errorOf(value, column);
  return error === undefined ? kinds[column.kind].toText(value, column) : `#${error}`;
}

/** The value as people read it. */
export function show(value: CellValue, column: Drawn): string {
  if (isEmpty(value, column)) return '';
  const error = errorOf(value, column);
  return error === undefined ? kinds[column.kind].show(value, column) : errorWords(error);
}

/** The text that an editor starts with. */
export const edited = (value: CellValue, column: Shape): string => (isEmpty(value, column) ? '' : (kinds[column.kind].edited ?? kinds[column.kind].toText)(value, column));

/** Empty text is the empty cell. */
export function fromText(raw: string, column: Named): Parsed {
  if (raw.trim() === '') return good(column.kind === 'checkbox' ? false : null);
  return kinds[column.kind].fromText(raw, column);
}

export const emptyValue = (column: Pick<Column, 'kind'>): CellValue => (column.kind === 'checkbox' ? false : null);

/** Draws a value into an element, or says why there is none. */
export function paint(cell: HTMLElement, value: CellValue, column: Drawn): void {
  if (cell.title) cell.removeAttribute('title');
  const error = errorOf(value, column);
  if (error !== undefined) return paintError(cell, error);
  const kind = kinds[column.kind];
  if (cell.dataset.files !== undefined && (isEmpty(value, column) || kind.editor !== 'files')) delete cell.dataset.files;
  if (isEmpty(value, column) && column.kind !== 'checkbox') cell.textContent = '';
  else if (kind.paint) kind.paint(cell, value, column);
  else paintText(cell, kind.show(value, column));
}
