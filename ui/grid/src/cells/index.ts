// Every kind by its name: the one place that a new field type is added to the grid.
import type { CellValue, Column, Kind } from '../types.ts';
import { checkbox } from './checkbox.ts';
import { date } from './date.ts';
import { datetime } from './datetime.ts';
import { email } from './email.ts';
import type { CellKind, Parsed } from './kind.ts';
import { good } from './kind.ts';
import { link } from './link.ts';
import { longText } from './long_text.ts';
import { number } from './number.ts';
import { select } from './select.ts';
import { text } from './text.ts';
import { url } from './url.ts';

export const kinds: Record<Kind, CellKind> = { text, long_text: longText, number, checkbox, date, datetime, select, email, url, link };

export const toText = (value: CellValue, column: Column): string => (value === null && column.kind !== 'checkbox' ? '' : kinds[column.kind].toText(value, column));

/** Empty text is the empty cell. */
export function fromText(raw: string, column: Column): Parsed {
  if (raw.trim() === '') return good(column.kind === 'checkbox' ? false : null);
  return kinds[column.kind].fromText(raw, column);
}

export const emptyValue = (column: Column): CellValue => (column.kind === 'checkbox' ? false : null);
