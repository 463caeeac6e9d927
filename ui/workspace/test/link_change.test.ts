import { expect, test } from 'vitest';
import type { LinkRef } from '../../grid/src/index.ts';
import { linkChange } from '../record/link_change.ts';

const refs = (...names: string[]): LinkRef[] => names.map((name) => ({ id: `rec${name}`, name }));

test.each<[LinkRef[] | null, LinkRef[] | null, ReturnType<typeof linkChange>]>([
  [null, refs('A'), { added: 'A', removed: '' }],
  [refs('A', 'B'), refs('B', 'C'), { added: 'C', removed: 'A' }],
  [refs('A', 'B'), refs('B', 'A'), undefined],
  [[{ id: 'rec1', name: '' }], null, { added: '', removed: 'a deleted record' }],
  [null, refs('A', 'B', 'C', 'D', 'E', 'F', 'G'), { added: 'A, B, C, D, E and 2 more', removed: '' }],
])('%j to %j', (before, after, expected) => expect(linkChange(before, after)).toEqual(expected));
