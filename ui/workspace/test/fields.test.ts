// Fields of every type as columns and as the API wants them; the list of types; formulas as they are typed; totals and conditions by type.
import { describe, expect, test } from 'vitest';
import type { CellValue } from '../../grid/src/index.ts';
import type { Field, FieldOptions, TableInfo } from '../api/types.ts';
import { complete, freshCondition, opsOf, retarget } from '../conditions.ts';
import { FUNCTIONS } from '../dialogs/functions.ts';
import { completeAt, insertAt, suggest } from '../dialogs/formula_text.ts';
import { bestType, canBeUnique, findTypes, sentOptions, startOptions, summariesOf, TYPES } from '../dialogs/field_types.ts';
import { directions } from '../tools/sort.tsx';
import { aggregatesOf, shown } from '../totals.ts';
import { needsTypecast, shapeOf, toApi, toColumn, toRow } from '../values.ts';

const field = (type: Field['type'], options: FieldOptions | null = null, read_only = false): Field => ({ id: 'f', name: 'F', type, description: '', options, read_only });
const choices = [{ id: 'c1', name: 'Open', colour: 'teal' }, { id: 'c2', name: 'Shut', colour: 'red' }];
const calculated = (type: Field['type'], result: FieldOptions['result']) => field(type, { result }, true);

test.each<[string, Field, object]>([
  ['its own type', field('currency', { currency: 'EUR', precision: 2 }), { kind: 'currency', currency: 'EUR', precision: 2 }],
  ['a formula’s result', calculated('formula', { type: 'percent', options: { precision: 1 } }), { kind: 'percent', precision: 1 }],
  ['a lookup through many', calculated('lookup', { type: 'list', options: { of: { type: 'date', options: {} } } }), { kind: 'list', of: { kind: 'date' } }],
  ['a lookup through one', calculated('lookup', { type: 'number', options: {} }), { kind: 'number' }],
  ['a count', calculated('count', { type: 'count' }), { kind: 'number', precision: 0 }],
  ['an autonumber', field('autonumber', {}, true), { kind: 'number', precision: 0 }],
  ['a created time', calculated('created_time', { type: 'created_time', options: { zone: 'Asia/Tokyo' } }), { kind: 'datetime', zone: 'Asia/Tokyo' }],
  ['who made it', calculated('created_by', { type: 'created_by' }), { kind: 'user' }],
  ['a button', calculated('button', { type: 'text' }), { kind: 'button' }],
  ['a formula without a result', field('formula', { problem: 'There is no field Price.' }, true), { kind: 'text' }],
])('the values of %s', (_, of, shape) => expect(shapeOf(of)).toMatchObject(shape));

test('a calculated column says so, and why it has no values', () => {
  expect(toColumn(field('formula', { problem: 'No.' }, true), false, {}, false)).toMatchObject({ kind: 'text', type: 'formula', computed: true, readOnly: true, problem: 'No.' });
  expect(toColumn(field('select', { choices }), false, {}, false, { grows: true })).toMatchObject({ grows: true, computed: false });
  expect(toColumn(field('text', null, true), false, {}, false)).toMatchObject({ readOnly: true, computed: false });
});

test.each<[Field, CellValue, unknown, boolean]>([
  [field('select', { choices }), 'c1', 'Open', false], [field('select', { choices }), 'Brand new', 'Brand new', true], [field('multi_select', { choices }), ['c2', 'Brand new'], ['Shut', 'Brand new'], true],
  [field('multi_select', { choices }), null, [], false], [field('link'), [{ id: '', name: 'A' }, { id: 'rec1', name: 'B' }], ['A', 'rec1'], true], [field('user', { many: true }), ['usr_1'], ['usr_1'], false],
  [field('json'), { id: '', name: 'x' }, { id: '', name: 'x' }, false], [field('json'), ['a'], ['a'], false], [field('percent'), 0.25, 0.25, false], [field('time'), '10:30', '10:30', false],
])('%o: %j is sent as %j', (of, value, sent, typecast) => {
  expect(toApi(value, of)).toEqual(sent);
  expect(needsTypecast(value, of)).toBe(typecast);
});

test('a record’s choices come by name', () => {
  const fields = [{ ...field('select', { choices }), id: 'a' }, { ...field('multi_select', { choices }), id: 'b' }, { ...field('json'), id: 'c' }];
  expect(toRow({ id: 'rec1', fields: { a: 'Shut', b: ['Open', 'Shut'], c: { x: [1] } }, created_at: '', updated_at: '' }, fields).cells).toEqual({ a: 'c2', b: ['c1', 'c2'], c: { x: [1] } });
});

describe('the list of types', () => {
  const names = (text: string) => findTypes(text).flatMap((group) => group.types.map((one) => one.type));
  test('all 37 are there once', () => expect(new Set(TYPES.map((one) => one.type)).size).toBe(37));
  test.each<[string, string]>([['tags', 'multi_select'], ['money', 'currency'], ['QR', 'barcode'], ['hours min', 'duration'], ['color', 'colour'], ['sum', 'rollup']])('%j finds %s', (text, type) => expect(names(text)).toContain(type));
  test.each<[string, string]>([['number', 'number'], ['date', 'date'], ['text', 'text'], ['link', 'link'], ['url', 'url'], ['select', 'select'], ['time', 'time'], ['created', 'created_time'], ['email', 'email'], ['multi', 'multi_select']])('%j means %s', (text, type) => expect(bestType(text)).toBe(type));
  test('nothing is called that', () => expect(names('zzz')).toEqual([]));
});

test.each<[Field['type'], FieldOptions, FieldOptions]>([
  ['text', { required: true, unique: true, default: 'x', precision: 2 }, { required: true, unique: true, default: 'x' }],
  ['checkbox', { unique: true, default: true }, { default: true }],
  ['currency', { currency: 'EUR', precision: 0, formula: 'x' }, { currency: 'EUR', precision: 0 }],
  ['select', { choices: [...choices, { id: '', name: '  ', colour: 'red' }, { id: '', name: ' New ', colour: 'red' }] }, { choices: [...choices, { name: 'New', colour: 'red' }] as never }],
  ['formula', { formula: '1', required: true, result: { type: 'number' } }, { formula: '1' }],
  ['link', { table: 'tbl1', many: false }, { table: 'tbl1', many: false }],
  ['modified_time', { zone: 'UTC', fields: ['fld1'], default: 'now' }, { zone: 'UTC', fields: ['fld1'] }],
  ['datetime', { default: 'now' }, { default: 'now' }], ['number', { default: 0 }, { default: 0 }],
])('%s: of what was set, only what it knows is sent', (type, set, sent) => expect(sentOptions(type, set)).toEqual(sent));

test('what cannot be unique', () => expect(TYPES.map((one) => one.type).filter((type) => !canBeUnique(type))).toEqual(expect.arrayContaining(['checkbox', 'link', 'multi_select', 'user', 'formula'])));

describe('through links', () => {
  const other: TableInfo = { id: 'tbl2', name: 'Items', primary_field: 'p', records: 0, views: [], fields: [{ ...field('text'), id: 'p' }, { ...field('currency', { currency: 'EUR' }), id: 'c' }] };
  const table: TableInfo = { ...other, id: 'tbl1', fields: [{ ...field('link', { table: 'tbl2' }), id: 'l' }] };
  test('a rollup starts with the sum of the first number', () => expect(startOptions('rollup', table, [table, other])).toEqual({ link_field: 'l', field: 'c', function: 'sum' }));
  test('a lookup with the name', () => expect(startOptions('lookup', table, [table, other])).toEqual({ link_field: 'l', field: 'p' }));
  test('summaries by the values', () => {
    expect(summariesOf(other.fields[1]).map((one) => one.name)).toContain('median');
    expect(summariesOf(other.fields[0]).map((one) => one.name)).not.toContain('sum');
    expect(summariesOf(field('date')).map((one) => one.name)).toContain('max');
    expect(summariesOf(calculated('lookup', { type: 'list', options: { of: { type: 'number' } } })).map((one) => one.name)).toContain('sum');
  });
});

describe('a formula as it is typed', () => {
  const fields = [{ ...field('number'), name: 'Price' }, { ...field('text'), name: 'Price } list' }];
  test.each<[string, string | undefined, boolean]>([['SU', 'SU', false], ['SUM({Pr', 'Pr', true], ['"a {b', undefined, false], ['{Price} + Ro', 'Ro', false], ['1 + ', undefined, false], ['{a\\}b', 'a\\}b', true], ["'it''s' & Co", 'Co', false]])('%j', (source, text, braced) => {
    const word = completeAt(source, source.length);
    expect(word?.text).toBe(text);
    if (word) expect(word.braced).toBe(braced);
  });
  test('fields before functions, only fields in braces', () => {
    expect(suggest({ start: 0, text: 'pr', braced: false }, fields, FUNCTIONS)[0]?.name).toBe('Price');
    expect(suggest({ start: 0, text: '', braced: true }, fields, FUNCTIONS).every((one) => one.kind === 'field')).toBe(true);
    expect(suggest({ start: 0, text: 'ROUND', braced: false }, fields, FUNCTIONS).map((one) => one.name)).toContain('ROUND');
  });
  test('put in at the caret', () => {
    expect(insertAt('SUM({Pr}', 4, 7, { kind: 'field', name: 'Price', about: '', icon: 'hash' })).toEqual({ text: 'SUM({Price}', caret: 11 });
    expect(insertAt('ro', 0, 2, { kind: 'function', name: 'ROUND', about: '', icon: 'variable' })).toEqual({ text: 'ROUND(', caret: 6 });
    expect(insertAt('', 0, 0, { kind: 'field', name: 'Price } list', about: '', icon: 'hash' }).text).toBe('{Price \\} list}');
  });
  test('all functions are known', () => expect(FUNCTIONS.length).toBeGreaterThan(170));
});

test.each<[Field, number | string, Parameters<typeof shown>[1], string]>([
  [field('currency', { currency: 'EUR' }), 1200, 'sum', '€1,200.00'], [field('percent'), 0.125, 'avg', '12.5%'], [field('duration'), 5400, 'sum', '1:30:00'], [field('rating'), 3.25, 'avg', '3.3'], [field('year'), 1999, 'min', '1999'],
  [field('time'), 37_800, 'min', '10:30 AM'], [field('date'), '2026-11-21', 'max', 'Nov 21, 2026'], [field('number'), 7, 'filled', '7'], [calculated('formula', { type: 'percent' }), 0.5, 'max', '50%'],
])('%o: the total %j of %s is %s', (of, value, fn, text) => expect(shown(value, fn, of).replace('\u202f', ' ')).toBe(text));

test('every type has comparisons, totals and words for its order', () => {
  for (const { type } of TYPES) {
    const one = field(type);
    expect(opsOf(one).length, type).toBeGreaterThan(0);
    expect(aggregatesOf(shapeOf(one).kind), type).toContain('filled');
    expect(directions(one).every((word) => word.length > 2), type).toBe(true);
    expect(complete({ field: 'f', op: 'is_empty' }, [one]) !== null || type === 'checkbox', type).toBe(true);
  }
});

test.each<[Field['type'], Parameters<typeof complete>[0], boolean]>([
  ['date', { field: 'f', op: 'on', value: { relative: 'this_week' } }, true], ['date', { field: 'f', op: 'on', value: { relative: 'last_days', n: 7 } }, true], ['date', { field: 'f', op: 'on', value: { relative: 'last_days' } }, false],
  ['date', { field: 'f', op: 'on', value: { relative: 'someday' } }, false], ['created_time', { field: 'f', op: 'after', value: '2026-11-21' }, true], ['multi_select', { field: 'f', op: 'is_all_of', value: ['c1'] }, true],
  ['multi_select', { field: 'f', op: 'is_all_of', value: [] }, false], ['user', { field: 'f', op: 'is', value: 'usr_1' }, true], ['percent', { field: 'f', op: 'gt', value: 0.25 }, true], ['time', { field: 'f', op: 'lt', value: '10:30' }, true], ['json', { field: 'f', op: 'contains', value: 'x' }, true],
])('%s: %j can be sent: %s', (type, where, sent) => expect(complete(where, [field(type)]) !== null).toBe(sent));

test('a first condition on a calculated yes has its value; a day that is relative stays for another field of days', () => {
  expect(freshCondition(calculated('formula', { type: 'checkbox' }))).toEqual({ field: 'f', op: 'is', value: true });
  expect(retarget({ field: 'x', op: 'on', value: { relative: 'today' } }, field('created_time'))).toEqual({ field: 'f', op: 'on', value: { relative: 'today' } });
});
