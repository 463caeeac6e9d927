// Every type of values: what is shown, what is read from text, and that a value copied and pasted back is the same value.
import { describe, expect, test } from 'vitest';
import { mapUrl, parseColour, parseGeo, parseUuid, plainMarkdown } from '../src/cells/codes.ts';
import { formatDuration, parseDuration } from '../src/cells/duration.ts';
import { errorReason } from '../src/cells/error.ts';
import { endingOf, sizeText } from '../src/cells/files.ts';
import { fromText, show, toText, kinds } from '../src/cells/index.ts';
import { buttonOf } from '../src/cells/button.ts';
import { formatCurrency } from '../src/cells/money.ts';
import { nextRating } from '../src/cells/rating.ts';
import { clockText, parseTime } from '../src/cells/time.ts';
import { sameValue } from '../src/history.ts';
import { kindIcon } from '../src/kind_icons.ts';
import type { CellValue, Column, Kind } from '../src/types.ts';

const choices = [{ id: 'c1', name: 'Works', colour: 'orange' }, { id: 'c2', name: 'Red, green', colour: 'red' }, { id: 'c3', name: 'Say "x"', colour: 'teal' }];
const people = [{ id: 'usr_1', name: 'Robin Hale' }, { id: 'usr_2', name: 'Vera Lind' }, { id: 'usr_3', name: 'Vera Lind' }];
const column = (kind: Kind, more: Partial<Column> = {}): Column => ({ id: 'f', name: 'Field', kind, width: 100, readOnly: false, choices, people, currency: 'EUR', max: 5, many: true, ...more });
const file = (filename: string, more: object = {}) => ({ id: 'att_1', filename, url: `https://api.example/files/t/${filename}`, ...more });
const read = (kind: Kind, raw: string, more?: Partial<Column>): CellValue | 'refused' => {
  const parsed = fromText(raw, column(kind, more));
  return parsed.ok ? parsed.value : 'refused';
};

test.each<[Kind, CellValue]>([
  ['text', 'a'], ['long_text', 'a\nb'], ['rich_text', '# A\n\n**b** [c](https://d.example)'], ['number', -1234.5678], ['currency', 1234.56], ['currency', -0.1], ['percent', 0.25], ['percent', 0.07],
  ['percent', 1 / 3], ['percent', 1e-9], ['percent', -1.005], ['duration', 5400], ['duration', 0.5], ['duration', -7.25], ['duration', 59.999999], ['duration', 1 / 3], ['rating', 3], ['checkbox', true], ['date', '2026-11-21'],
  ['datetime', '2026-11-21T08:00:00Z'], ['time', '10:30'], ['time', '10:30:15'], ['year', 2026], ['year', 476], ['select', 'c1'], ['select', 'c2'], ['multi_select', ['c1']], ['multi_select', ['c3', 'c2', 'c1']],
  ['user', ['usr_1']], ['email', 'a@b.example'], ['url', 'https://a.example/b?c=1'], ['phone', '+41 44 668 18 00'], ['barcode', '4006381333931'], ['json', { a: [1, 2, { b: null }], c: 'ü"' }], ['json', [1, 'x', false]],
  ['json', []], ['json', { error: 'my own' }], ['uuid', '0f8fad5b-d9cb-469f-a165-70867728950e'], ['colour', '#aabbcc'], ['geo', '47.37, 8.54'], ['geo', '-33.9, 151.2'],
])('%s copied and pasted back: %j', (kind, value) => expect(read(kind, toText(value, column(kind)))).toEqual(value));

test.each<[Kind, string, CellValue | 'refused', Partial<Column>?]>([
  ['currency', '€ 1,200.50', 1200.5], ['currency', '1.200,50 €', 1200.5], ['currency', 'CHF 1’200', 1200, { currency: 'CHF' }], ['currency', '-$5', -5], ['currency', 'five', 'refused'], ['currency', '1.005', 1, { precision: 0 }],
  ['percent', '25', 0.25], ['percent', '25 %', 0.25], ['percent', '12,5%', 0.125], ['percent', 'half', 'refused'], ['percent', '12.345', 0.12, { precision: 0 }],
  ['duration', '1:30', 5400], ['duration', '90', 90], ['duration', '1h 30m', 5400], ['duration', '2 days', 172_800], ['duration', '-0:00:07.25', -7.25], ['duration', '1:75', 'refused'], ['duration', 'soon', 'refused'],
  ['rating', '★★★', 3], ['rating', '★★★☆☆', 3], ['rating', '4/5', 4], ['rating', '6', 'refused'], ['rating', '0', null], ['rating', '2.5', 'refused'], ['rating', '7', 7, { max: 10 }],
  ['time', '9:30 pm', '21:30'], ['time', '12:15 am', '00:15'], ['time', '9pm', '21:00'], ['time', '24:00', 'refused'], ['time', '930', 'refused'], ['time', '10.30', '10:30'], ['time', '10:30:15', '10:30:15'], ['time', '13 pm', 'refused'],
  ['year', '2026', 2026], ['year', '0', 'refused'], ['year', '2026.5', 'refused'], ['year', '10000', 'refused'],
  ['multi_select', 'works, WORKS', ['c1']], ['multi_select', 'Red, green', ['c2']], ['multi_select', '"Red, green", Works', ['c2', 'c1']], ['multi_select', 'Works, gone', 'refused'], ['multi_select', '  ', null],
  ['user', 'robin hale', ['usr_1']], ['user', 'usr_9', ['usr_9']], ['user', 'Vera Lind', 'refused'], ['user', 'Nobody', 'refused'], ['user', 'Robin Hale', 'usr_1', { many: false }], ['user', 'Robin Hale, usr_2', 'refused', { many: false }],
  ['phone', 'tel:+49 30', '+49 30'], ['phone', 'call me', 'refused'], ['barcode', ' 40\n06 ', '40 06'], ['json', '{"a": [1, 2]}', { a: [1, 2] }], ['json', '{a', 'refused'],
  ['uuid', '{0F8FAD5B-D9CB-469F-A165-70867728950E}', '0f8fad5b-d9cb-469f-a165-70867728950e'], ['uuid', '0f8f', 'refused'], ['colour', '#ABC', '#aabbcc'], ['colour', 'red', 'refused'],
  ['geo', '47.370,8.54', '47.37, 8.54'], ['geo', '47,37; 8,54', '47.37, 8.54'], ['geo', '47.37 8.54', '47.37, 8.54'], ['geo', '91, 0', 'refused'], ['geo', 'here', 'refused'],
  ['list', 'a', 'refused'], ['button', 'a', 'refused'],
])('%s from %j', (kind, raw, value, more) => expect(read(kind, raw, more)).toEqual(value));

test.each<[Kind, CellValue, string, Partial<Column>?]>([
  ['number', 1234.5, '1,234.50', { precision: 2 }], ['currency', 1234.5, '€1,234.50'], ['currency', 5, '¥5', { currency: 'JPY', precision: 0 }], ['currency', -5, '−pts5.00', { currency: 'pts' }], ['percent', 0.25, '25%'], ['percent', 0.125, '12.5%', { precision: 1 }],
  ['duration', 5400, '1:30:00'], ['rating', 3, '3 of 5'], ['checkbox', true, 'Yes'], ['date', '2026-11-21', 'Nov 21, 2026'], ['year', 2026, '2026'], ['time', '21:30', '09:30 PM'], ['time', 37_815, '10:30:15 AM'],
  ['multi_select', ['c1', 'c2'], 'Works, Red, green'], ['multi_select', ['new'], 'new'], ['user', ['usr_1', 'usr_9'], 'Robin Hale, usr_9'], ['user', 'usr_1', 'Robin Hale', { many: false }],
  ['json', { a: 1 }, '{"a":1}'], ['rich_text', '# Head\n- **bold**', 'Head\nbold'], ['url', 'https://www.a.example/', 'a.example'], ['link', [{ id: 'r', name: '' }], 'Unnamed'], ['button', { label: 'Open', url: 'https://a.example' }, 'Open'],
  ['list', [1234.5, null, 2], '$1,234.50, $2.00', { of: { kind: 'currency', currency: 'USD' } }], ['list', ['usr_1'], 'Robin Hale', { of: { kind: 'user' } }], ['list', ['2026-11-21'], 'Nov 21, 2026', { of: { kind: 'date' } }], ['list', [], ''],
  ['number', { error: 'divide_by_zero' }, 'Divided by zero', { computed: true }], ['text', { error: 'new_code' }, 'new code', { computed: true }],
])('%s %j is shown as %s', (kind, value, text, more) => expect(show(value, column(kind, more)).replace('\u202f', ' ')).toBe(text));

describe('parts', () => {
  test.each([[0, '0:00:00'], [59.9999999, '0:01:00'], [3661.5, '1:01:01.5'], [-60, '-0:01:00'], [360_000, '100:00:00']])('%d s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
  test('every second of a day comes back as a time and as a duration', () => {
    for (let s = 0; s < 86_400; s += 37) {
      expect(parseTime(clockText(s))).toBe(clockText(s));
      expect(parseDuration(formatDuration(s))).toBe(s);
    }
  });
  test('every share of ten thousand comes back', () => {
    for (let n = -10_000; n <= 10_000; n += 7) expect(read('percent', toText(n / 10_000, column('percent')))).toBe(n / 10_000);
  });
  test('stars go round', () => expect([null, 1, 4, 5].map((n) => nextRating(n, { max: 5 }))).toEqual([1, 2, 5, null]));
  test('a currency that is no code stands before the number', () => expect(formatCurrency(3, { currency: '₿', precision: 1 })).toBe('₿3.0'));
  test.each(['ABCDEF', '#12', '#12345g', ''])('%j is no colour unless it has three or six digits', (raw) => expect(parseColour(raw)).toBe(raw === 'ABCDEF' ? '#abcdef' : undefined));
  test('a point leads to a map, another text does not', () => {
    expect(mapUrl('47.37, 8.54')).toContain('mlat=47.37&mlon=8.54');
    expect(mapUrl('javascript:alert(1)')).toBeUndefined();
    expect(parseGeo('0, -0')).toBe('0, 0');
  });
  test('a URN is a UUID', () => expect(parseUuid('urn:uuid:0f8fad5bd9cb469fa16570867728950e')).toBe('0f8fad5b-d9cb-469f-a165-70867728950e'));
  test('Markdown without its marks', () => expect(plainMarkdown('## A\n1. _b_ and `c`\n> [d](https://e.example) snake_case 2*3*4')).toBe('A\nb and c\nd snake_case 2*3*4'));
  test('a button needs both parts', () => expect([buttonOf({ label: 'a', url: 'b' }), buttonOf({ label: 'a' }), buttonOf('a'), buttonOf(null)]).toEqual([{ label: 'a', url: 'b' }, undefined, undefined, undefined]));
  test('an unknown error is said with its code', () => expect(errorReason('strange')).toContain('strange'));
  test('an error is copied as its code', () => expect(toText({ error: 'convert' }, column('number', { computed: true }))).toBe('#convert'));
  test('every kind has an icon', () => expect(Object.keys(kinds).every((kind) => kind in kindIcon)).toBe(true));
});

test.each<[CellValue, CellValue, boolean]>([
  [null, [], true], [null, false, true], [['a'], ['a'], true], [['a', 'b'], ['b', 'a'], false], [['a'], null, false], [{ a: 1 }, { a: 1 }, true], [{ a: 1 }, { a: 2 }, false],
  [[{ id: 'r1', name: 'A' }], [{ id: 'r1', name: 'old name' }], true], [[{ id: '', name: 'A' }], [{ id: 'r1', name: 'A' }], true], ['', null, false],
])('%j and %j are the same: %s', (a, b, same) => expect(sameValue(a, b)).toBe(same));
test('in JSON an empty list and false are values', () => expect([sameValue([], null, true), sameValue(false, null, true), sameValue([1], [1], true)]).toEqual([false, false, true]));

describe('files', () => {
  const [pdf, picture] = [file('Plan (1).pdf', { size: 1_400_000 }), file('a.png', { thumbnails: { small: { url: 'https://api.example/s', width: 9, height: 36 } } })];
  test('are shown by their names, copied with their addresses, and read back', () => {
    expect(show([pdf, picture], column('attachment'))).toBe('Plan (1).pdf, a.png');
    const text = toText([pdf, picture], column('attachment'));
    expect(text).toBe('Plan (1).pdf (https://api.example/files/t/Plan (1).pdf), a.png (https://api.example/files/t/a.png)');
    expect(read('attachment', toText([picture, picture], column('attachment')))).toEqual([1, 2].map(() => ({ id: '', filename: 'a.png', url: picture.url })));
    expect(read('attachment', 'https://x.example/b.txt?q=1')).toEqual([{ id: '', filename: 'b.txt', url: 'https://x.example/b.txt?q=1' }]);
    expect(read('signature', toText(picture, column('signature')))).toEqual({ id: '', filename: 'a.png', url: picture.url });
  });
  test.each(['hello', 'ftp://a/b', 'javascript:alert(1)'])('%j is none', (text) => expect(read('attachment', text)).toBe('refused'));
  test('sizes and endings', () => {
    expect([sizeText(5), sizeText(48_211), sizeText(1_400_000)]).toEqual(['5 B', '48 kB', '1.4 MB']);
    expect([endingOf(pdf), endingOf({ filename: 'none' }), endingOf({ filename: 'a.verylong' })]).toEqual(['PDF', 'FILE', 'FILE']);
  });
});
