// Numbers: shown in the person's locale, copied as plain decimals, read in either notation.
import type { CellValue, Column } from '../types.ts';
import { type CellKind, bad, good, paintText } from './kind.ts';

const formats = new Map<string, Intl.NumberFormat>();

export function formatNumber(value: number, precision: number | undefined): string {
  const key = String(precision ?? '');
  let format = formats.get(key);
  if (!format) {
    const digits = precision === undefined ? { maximumFractionDigits: 8 } : { minimumFractionDigits: precision, maximumFractionDigits: precision };
    formats.set(key, (format = new Intl.NumberFormat(undefined, digits)));
  }
  return format.format(value);
}

/** "1,234.5", "1.234,5", "1 234,5", "−3", "12 %" is refused: a unit is not a number. */
export function parseNumber(raw: string): number | undefined {
  let text = raw.trim().replace(/[\s\u00a0\u202f'’]/g, '').replace('\u2212', '-');
  const comma = text.lastIndexOf(',');
  const point = text.lastIndexOf('.');
  if (comma >= 0 && point >= 0) text = comma > point ? text.replaceAll('.', '').replace(',', '.') : text.replaceAll(',', '');
  else if (comma >= 0) text = /^[+-]?\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(',', '') : text.replace(',', '.');
  else if ((text.match(/\./g) ?? []).length > 1) text = text.replaceAll('.', '');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

export const number: CellKind = {
  end: true,
  editor: 'input',
  inputMode: 'decimal',
  paint: (cell, value, column) => paintText(cell, typeof value === 'number' ? formatNumber(value, column.precision) : ''),
  toText: (value: CellValue) => (typeof value === 'number' ? String(value) : ''),
  fromText(raw: string, column: Column) {
    const value = parseNumber(raw);
    if (value === undefined) return bad(`“${raw}” is not a number`);
    return good(column.precision === undefined ? value : Number(value.toFixed(column.precision)));
  },
};
