import { expect, test } from 'vitest';
import { boundOf, hasRule, losesRule, ruleKind, sentRule } from '../dialogs/field_rule_parts.ts';
import { sentOptions } from '../dialogs/field_types.ts';

test('a rule has the parts that the type may have', () => {
  const rule = { min: 1, max: 2, min_length: 3, pattern: 'a+', formula: '{A} > 1', message: 'No.', problem: 'gone' };
  expect(sentRule('number', rule)).toEqual({ min: 1, max: 2, formula: '{A} > 1', message: 'No.' });
  expect(sentRule('text', rule)).toEqual({ min_length: 3, pattern: 'a+', formula: '{A} > 1', message: 'No.' });
  expect(sentRule('select', rule)).toEqual({ formula: '{A} > 1', message: 'No.' });
  expect(sentRule('formula', rule)).toBeUndefined();
  expect(sentRule('number', { message: 'Of nothing' })).toBeUndefined();
  expect([ruleKind('datetime'), ruleKind('attachment'), hasRule({ problem: 'x' })]).toEqual(['datetime', 'other', false]);
});

test('a field keeps its rule when something else of it is changed', () => {
  expect(sentOptions('number', { precision: 1, validation: { min: 0 } })).toEqual({ precision: 1, validation: { min: 0 } });
  expect(sentOptions('link', { table: 'tbl1', validation: { formula: '{A} = 1' } }).validation).toEqual({ formula: '{A} = 1' });
  expect(sentOptions('text', { validation: {} })).toEqual({});
});

test('what the API took is kept, and a bound of another type is none', () => {
  expect(sentRule('time', { min: 37800 })).toEqual({ min: 37800 });
  expect(sentRule('uuid', { pattern: 'a.*' })).toEqual({ pattern: 'a.*' });
  expect(sentRule('geo', { max_length: 20, min: 1 })).toEqual({ max_length: 20 });
  expect(sentRule('date', { min: 5, max: '2026-01-01' })).toEqual({ max: '2026-01-01' });
  expect(sentRule('datetime', { min: '2026-01-01' })).toBeUndefined();
});

test('a part of a rule that a type can not have is told', () => {
  expect(losesRule({ min: 0, message: 'No.' }, { formula: 'TRUE()' })).toBe(true);
  expect(losesRule({ min: 0, formula: 'TRUE()' }, undefined)).toBe(true);
  expect(losesRule({ min: 0 }, { min: 3 })).toBe(false);
  expect([losesRule(undefined, undefined), losesRule({ message: 'Of nothing' }, undefined)]).toEqual([false, false]);
});

test('a bound that can not be read is none', () => {
  expect(boundOf('datetime', '+275760-09-14T00:00')).toBeUndefined();
  expect(boundOf('datetime', 'soon')).toBeUndefined();
  expect(boundOf('datetime', '2026-01-01T00:00Z')).toBe('2026-01-01T00:00:00.000Z');
  expect([boundOf('number', '1e999'), boundOf('number', '2.5'), boundOf('date', '')]).toEqual([undefined, 2.5, undefined]);
});
