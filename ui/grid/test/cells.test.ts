// Every kind: text read as a value, and a value copied and pasted back to itself.
import { describe, expect, test } from 'vitest';
import { parseDate } from '../src/cells/date.ts';
import { fromLocal, toLocal } from '../src/cells/datetime.ts';
import { fromText, toText } from '../src/cells/index.ts';
import { parseNumber } from '../src/cells/number.ts';
import { safeUrl } from '../src/cells/url.ts';
import type { CellValue, Column, Kind } from '../src/types.ts';

const column = (kind: Kind, more: Partial<Column> = {}): Column => ({ id: 'f', name: 'Field', kind, width: 100, readOnly: false, choices: [{ id: 'c1', name: 'Works', colour: 'orange' }], ...more });
const check = (kind: Kind, raw: string, expected: CellValue | 'refused', more?: Partial<Column>) => {
  const parsed = fromText(raw, column(kind, more));
  expect(parsed.ok ? parsed.value : 'refused').toEqual(expected);
};

test.each<[string, number | undefined]>([
  ['1234.5', 1234.5], ['1,234.5', 1234.5], ['1.234,5', 1234.5], ['1 234,5', 1234.5], ['1,5', 1.5], ['1,234', 1234], ['−3', -3], ['.5', 0.5], ['1e3', 1000],
  ['1.234.567', 1234567], ['12 m', undefined], ['', undefined], ['1,2,3', undefined], ['NaN', undefined], ['1e999', undefined],
])('number %j', (raw, value) => expect(parseNumber(raw)).toBe(value));

test.each<[string, string | undefined]>([
  ['2026-11-21', '2026-11-21'], ['21.11.2026', '2026-11-21'], ['21.11.26', '2026-11-21'], ['31.02.1974', undefined], ['21/11/2026', '2026-11-21'], ['11/21/2026', '2026-11-21'],
  ['03/04/2026', '2026-04-03'], ['21 Nov 2026', '2026-11-21'], ['soon', undefined], ['2026-13-01', undefined], ['2026-11-21T10:00:00Z', '2026-11-21'],
])('date %j, day first', (raw, value) => expect(parseDate(raw, true)).toBe(value));
test('date, month first', () => expect(parseDate('03/04/2026', false)).toBe('2026-03-04'));

describe('moments', () => {
  test.each([['2026-01-15T08:30:00Z', '2026-01-15T09:30'], ['2026-07-15T08:30:00Z', '2026-07-15T10:30']])('%s in Berlin', (utc, local) => {
    expect(toLocal(utc, 'Europe/Berlin')).toBe(local);
    expect(fromLocal(local, 'Europe/Berlin')).toBe(utc);
  });
  test('a wall-clock time that does not exist becomes a moment', () => expect(fromLocal('2026-03-29T02:30', 'Europe/Berlin')).toMatch(/^2026-03-29T0[01]:30:00Z$/));
  test('with an offset the zone does not matter', () => check('datetime', '2026-11-21T10:00:00+02:00', '2026-11-21T08:00:00Z', { zone: 'Asia/Tokyo' }));
  test('without one it does', () => check('datetime', '2026-11-21 10:00', '2026-11-21T01:00:00Z', { zone: 'Asia/Tokyo' }));
});

test.each<[Kind, string, CellValue | 'refused']>([
  ['text', ' two\nlines ', ' two lines '], ['text', '   ', null], ['long_text', 'a\r\nb', 'a\nb'], ['checkbox', 'Yes', true], ['checkbox', '', false], ['checkbox', 'perhaps', 'refused'],
  ['select', 'works', 'c1'], ['select', 'other', 'refused'], ['email', 'mailto:a@b.example', 'a@b.example'], ['email', 'a b', 'refused'],
  ['url', 'nclc.example/a', 'https://nclc.example/a'], ['url', 'javascript:alert(1)', 'refused'], ['url', 'localhost:3000', 'https://localhost:3000'], ['url', 'two words', 'refused'],
  ['link', 'Berlin, "Paris, Texas"', [{ id: '', name: 'Berlin' }, { id: '', name: 'Paris, Texas' }]],
])('%s from %j', (kind, raw, value) => check(kind, raw, value));

test.each<[Kind, CellValue]>([
  ['text', 'a'], ['long_text', 'a\nb'], ['number', -1234.5678], ['number', 1e-7], ['checkbox', true], ['checkbox', false], ['date', '2026-11-21'], ['datetime', '2026-11-21T08:00:00Z'],
  ['select', 'c1'], ['email', 'a@b.example'], ['url', 'https://a.example/b?c=1'],
])('%s copied and pasted back: %j', (kind, value) => check(kind, toText(value, column(kind)), value));

test('a number is rounded to its field', () => check('number', '1.005', 1, { precision: 0 }));
test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'x', null])('%j is not opened', (value) => expect(safeUrl(value)).toBeUndefined());
