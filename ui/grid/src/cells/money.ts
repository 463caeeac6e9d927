// Amounts of money and shares of one. A share is stored as 0.25, and shown, typed and copied as 25 %.
import type { CellValue, Shape } from '../types.ts';
import { type CellKind, bad, good } from './kind.ts';
import { digitsOf, formatNumber, numberFormat, parseNumber, plainNumber, rounded } from './number.ts';

const isCode = (currency: string): boolean => /^[A-Z]{3}$/.test(currency);

export function formatCurrency(value: number, { currency = '', precision }: Pick<Shape, 'currency' | 'precision'>): string {
  const places = precision ?? 2;
  if (!isCode(currency)) return `${value < 0 ? '−' : ''}${currency}${formatNumber(Math.abs(value), places)}`;
  return numberFormat(`${currency}${places}`, () => ({ style: 'currency', currency, ...digitsOf(places) })).format(value);
}

export const currency: CellKind = {
  end: true,
  editor: 'input',
  inputMode: 'decimal',
  show: (value, shape) => (typeof value === 'number' ? formatCurrency(value, shape) : ''),
  toText: (value) => (typeof value === 'number' ? String(value) : ''),
  fromText(raw, column) {
    const bare = raw.replaceAll(column.currency || '€', '').replace(/\p{Sc}/gu, '').replace(/^\s*[A-Z]{3}\b|\b[A-Z]{3}\s*$/, '');
    const value = parseNumber(bare);
    return value === undefined ? bad(`“${raw}” is not an amount`) : good(rounded(value, column.precision));
  },
};

/** A decimal number moved by places, without the errors of a multiplication: 0.07 by 2 is 7. */
function moved(text: string, places: number): number {
  const [digits = '', exponent = '0'] = text.toLowerCase().split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}

/** 0.25 → "25". */
function hundredths(value: number): string {
  const shown = moved(String(value), 2);
  // Seventeen digits may not survive the way there and back; then the exponent says it.
  if (moved(String(shown), -2) === value) return String(shown);
  const [digits = '', exponent = '0'] = String(value).split('e');
  return `${digits}e${Number(exponent) + 2}`;
}

export const percent: CellKind = {
  end: true,
  editor: 'input',
  inputMode: 'decimal',
  show: (value, shape) => (typeof value === 'number' ? numberFormat(`%${String(shape.precision ?? '')}`, () => ({ style: 'percent', ...digitsOf(shape.precision) })).format(value) : ''),
  toText: (value: CellValue) => (typeof value === 'number' ? `${hundredths(value)}%` : ''),
  edited: (value: CellValue) => (typeof value === 'number' ? hundredths(value) : ''),
  fromText(raw, column) {
    const text = plainNumber(raw.trim().replace(/\s*%$/, ''));
    const value = text === undefined ? NaN : moved(text, -2);
    return Number.isFinite(value) ? good(rounded(value, column.precision === undefined ? undefined : column.precision + 2)) : bad(`“${raw}” is not a share such as 25 %`);
  },
};
