import { expect, test } from 'vitest';
import type { Field, Where } from '../api/types.ts';
import { complete, countConditions, retarget } from '../conditions.ts';

const field = (id: string, type: Field['type']): Field => ({ id, name: id, type, description: null, options: null, read_only: false });
const fields = [field('t', 'text'), field('n', 'number'), field('s', 'select'), field('c', 'checkbox')];

test.each<[Where, Where | null]>([
  [{ field: 't', op: 'contains' }, null],
  [{ field: 't', op: 'contains', value: 'x' }, { field: 't', op: 'contains', value: 'x' }],
  [{ field: 't', op: 'is_empty', value: 'left over' }, { field: 't', op: 'is_empty' }],
  [{ field: 'n', op: 'gte', value: 'not a number' }, null],
  [{ field: 's', op: 'is_any_of', value: [] }, null],
  [{ field: 'gone', op: 'is', value: 'x' }, null],
  [{ and: [{ field: 't', op: 'contains' }, { or: [] }] }, null],
  [{ or: [{ field: 'c', op: 'is', value: true }, { field: 'n', op: 'gt' }] }, { or: [{ field: 'c', op: 'is', value: true }] }],
])('what of %j can be sent', (draft, sent) => expect(complete(draft, fields)).toEqual(sent));

test('another field takes a comparison that it has', () => {
  expect(retarget({ field: 't', op: 'contains', value: 'x' }, fields[1] as Field)).toEqual({ field: 'n', op: 'is' });
  expect(retarget({ field: 't', op: 'contains', value: 'x' }, fields[3] as Field)).toEqual({ field: 'c', op: 'is', value: true });
});

test('conditions are counted through groups', () => expect(countConditions({ and: [{ field: 't', op: 'is_empty' }, { or: [{ field: 't', op: 'is_empty' }, { field: 'n', op: 'is', value: 1 }] }] })).toBe(3));
