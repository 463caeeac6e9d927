import { expect, test } from 'vitest';
import type { ActivityEntry } from '../api/types.ts';
import { differs, told } from '../dialogs/activity_text.ts';

const entry = (part: Partial<ActivityEntry>): ActivityEntry => ({ version: 7, at: '2026-11-21T10:00:00Z', actor: { id: 'usr_a', name: 'Ada' }, kind: 'mixed', tables: [], schema: [], ...part });
const part = { table: { id: 'tbl1', name: 'Orders' }, created: 0, updated: 0, deleted: 0, records: [], fields: [] };

test.each<[Partial<ActivityEntry>, string]>([
  [{ tables: [{ ...part, updated: 1, fields: ['Amount'], records: [{ id: 'rec1', name: 'Lisbon' }] }] }, 'changed Amount of Lisbon in Orders'],
  [{ tables: [{ ...part, created: 2000 }] }, 'added 2,000 records in Orders'],
  [{ tables: [{ ...part, created: 5, records: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ id: name, name })) }] }, 'added a, b, c, and 2 more in Orders'],
  [{ tables: [{ ...part, deleted: 1, updated: 2, fields: ['Amount', 'Day'] }] }, 'changed Amount and Day of 2 records and deleted 1 record in Orders'],
  [{ schema: [{ what: 'field', id: 'fld1', name: 'Amount', table: 'Orders', done: 'deleted' }] }, 'deleted the field Amount of Orders'],
  [{ schema: [{ what: 'base', id: null, name: 'Shop', table: null, done: 'changed' }] }, 'changed the base Shop'],
  [{ schema: [{ what: 'table', id: 'tbl2', name: 'Ships', table: null, done: 'created' }, { what: 'field', id: 'fld2', name: 'Name', table: 'Ships', done: 'created' }, { what: 'field', id: 'fld3', name: 'Ships', table: 'Berths', done: 'created' }] }, 'created the table Ships and created the field Ships of Berths'],
])('a change in words', (given, words) => {
  expect(told(entry(given))).toBe(words);
});

test('differences in words', () => {
  const part = { what: 'field', id: 'fld1', name: 'Sum', table: 'Orders', members: [] };
  expect(differs({ ...part, done: 'added' })).toBe('added the field Sum of Orders');
  const members = [{ member: 'name', before: 'Amount', after: 'Sum' }, { member: 'options/precision', before: null, after: 2 }, { member: 'options/choices', before: [1], after: [2] }];
  expect(differs({ ...part, done: 'changed', members })).toBe('changed the field Sum of Orders: name from Amount to Sum, precision from nothing to 2, and choices');
});
