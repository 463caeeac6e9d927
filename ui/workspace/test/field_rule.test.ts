import { expect, test } from 'vitest';
import { hasRule, ruleKind, sentRule } from '../dialogs/field_rule_parts.ts';
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
