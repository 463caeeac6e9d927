import { expect, test } from 'vitest';
import type { SchemaReturnPart } from '../api/types.ts';
import { blockLine, loses, returnLine } from '../dialogs/schema_return_text.ts';

const part = (more: Partial<SchemaReturnPart>): SchemaReturnPart => ({ what: 'field', id: 'fld1', name: 'Age', table: 'People', done: 'changed', members: [], renamed: null, types: null, filled: 0, lost: 0, ...more });

test('what going back does, in words', () => {
  expect(returnLine(part({ done: 'removed', filled: 2 }))).toBe('move the field Age of People to the trash, with 2 values');
  expect(returnLine(part({ what: 'table', name: 'Teams', table: null, done: 'restored', filled: 1 }))).toBe('bring back the table Teams, with 1 record');
  const converted = part({ members: ['name', 'type', 'options'], renamed: 'Years', types: { now: 'text', then: 'number' }, filled: 10, lost: 3 });
  expect(returnLine(converted)).toMatch(/^change the field Age of People: name to Years and from .*text to number, which loses 3 of 10 values$/);
  expect(returnLine(part({ members: ['options'], filled: 4, lost: 1 }))).toBe('change the field Age of People: options, which loses 1 of 4 values');
  expect(returnLine(part({ what: 'view', name: 'All', members: ['config', 'position'] }))).toBe('change the view All of People: its settings and place');
});

test('what can not be, and how many values', () => {
  expect(blockLine({ what: 'field', id: 'fld1', name: 'Boss', table: 'People', reason: 'link', detail: 'It was a link.' })).toBe('Boss (field of People): It was a link.');
  expect([loses(1), loses(2000)]).toEqual(['1 value', '2,000 values']);
});
