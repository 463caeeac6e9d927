// Numbers: shown in the person's locale, copied as plain decimals, read in either notation. And years, which have no groups.
import type { CellValue } from '../types.ts';
import { type CellKind, type Named, bad, good } from './kind.ts';

const formats = new Map<string, Intl.NumberFormat>();

export const digitsOf = (precision: number | undefined): Intl.NumberFormatOptions =>
  (precision === undefined ? { maximumFractionDigits: 8 } : { minimumFractionDigits: precision, maximumFractionDigits: precision });

/** The kept format of these options. */
export function numberFormat(key: string, options: () => Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.NumberFormat(undefined, options())));
  return format;
}

export const formatNumber = (value: number, precision: number | undefined): string => numberFormat(String(precision ?? ''), () => digitsOf(precision)).format(value);

/** "1,234.5", "1.234,5", "1 234,5", "−3", "12 %" is refused: a unit is not a number. */
export function parseNumber(raw: string): number | undefined {
  const text = plainNumber(raw);
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) ? value : undefined;
}

/** The number as JavaScript writes it. */
export function plainNumber(raw: string): string | undefined {
  let text = raw.trim().replace(/[\s\u00a0\u202f'’]/g, '').replace('\u2212', '-');
  const comma = text.lastIndexOf(',');
  const point = text.lastIndexOf('.');
  if (comma >= 0 && point >= 0) text = comma > point ? text.replaceAll('.', '').replace(',', '.') : text.replaceAll(',', '');
  else if (comma >= 0) text = /^[+-]?\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(',', '') : text.replace(',', '.');
  else if ((text.match(/\./g) ?? []).length > 1) text = text.replaceAll('.', '');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? text : undefined;
}

export const rounded = (value: number, precision: number | undefined): number => (precision === undefined ? value : Number(value.toFixed(precision)));

export const number: CellKind = {
  end: true,
  editor: 'input',
  inputMode: 'decimal',
  show: (value, shape) => (typeof value === 'number' ? formatNumber(value, shape.precision) : ''),
  toText: (value: CellValue) => (typeof value === 'number' ? String(value) : ''),
  fromText(raw: string, column: Named) {
    const value = parseNumber(raw);
    return value === undefined ? bad(`“${raw}” is not a number`) : good(rounded(value, column.precision));
  },
};

export const year: CellKind = {
  end: true,
  editor: 'input',
  inputMode: 'numeric',
  show: (value) => (typeof value === 'number' ? String(value) : ''),
  toText: (value) => (typeof value === 'number' ? String(value) : ''),
  fromText(raw) {
    const value = /^\d{1,4}$/.test(raw.trim()) ? Number(raw) : 0;
    return value >= 1 ? good(value) : bad(`“${raw}” is not a year`);
  },
};
