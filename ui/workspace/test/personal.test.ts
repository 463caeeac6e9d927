import { describe, expect, test } from 'vitest';
import type { Field, ViewConfig } from '../api/types.ts';
import { differs, pruned, rowsOf, shownConfig } from '../personal.ts';

const mine = { field: 'fldA', op: 'is', value: 'x' } as const;
const theirs = { field: 'fldB', op: 'gt', value: 3 } as const;
const saved: ViewConfig = { where: theirs, sort: [{ field: 'fldB', desc: true }], filter: '{A} != ""', hidden: ['fldC'], widths: { fldA: 90 } };

describe('what somebody changes for themselves', () => {
  test.each<[string, ViewConfig | undefined, boolean, Record<string, unknown>]>([
    ['nothing', undefined, false, { view: 'viw' }],
    ['a width', { widths: { fldA: 200 } }, false, { view: 'viw' }],
    ['hidden fields', { hidden: ['fldA'] }, true, { view: 'viw' }],
    ['the saved filter again', { where: theirs }, false, { view: 'viw' }],
    ['another filter', { where: mine }, true, { where: mine, filter: '{A} != ""', sort: saved.sort }],
    ['no filter', { where: null }, true, { filter: '{A} != ""', sort: saved.sort }],
    ['groups', { group: [{ field: 'fldA', desc: true }] }, true, { view: 'viw', group: [{ field: 'fldA', desc: true }] }],
    ['groups and no sort', { group: [{ field: 'fldA', desc: false }], sort: [] }, true, { where: theirs, filter: '{A} != ""', sort: [], group: [{ field: 'fldA', desc: false }] }],
    ['no sort', { sort: [] }, true, { where: theirs, filter: '{A} != ""', sort: [] }],
  ])('%s', (_, own, other, rows) => {
    expect(differs(saved, own)).toBe(other);
    expect(rowsOf('viw', saved, own)).toEqual(rows);
    expect(shownConfig(saved, own)).toEqual({ ...saved, ...own });
  });

  test('a view without conditions is the same with an empty list of them', () => {
    expect(differs({}, { sort: [], hidden: [], where: null })).toBe(false);
    expect(rowsOf('viw', {}, { sort: [] })).toEqual({ view: 'viw' });
  });

  test('without its groups a view is asked for without groups', () => {
    const grouped: ViewConfig = { group: [{ field: 'fldA', desc: false }] };
    expect(rowsOf('viw', grouped, undefined)).toEqual({ view: 'viw' });
    expect(rowsOf('viw', grouped, { group: [] })).toEqual({ view: 'viw', group: [] });
    // The conditions are told themselves: the view's groups are told with them.
    expect(rowsOf('viw', grouped, { where: mine })).toEqual({ where: mine, sort: [], group: grouped.group });
  });

  test('fields that go take their part with them', () => {
    const field: Field = { id: 'fldA', name: 'A', type: 'text', description: null, options: null, read_only: false };
    expect(pruned({ where: { and: [mine, theirs] }, sort: [{ field: 'fldB', desc: false }], hidden: ['fldA', 'fldB'], group: [{ field: 'fldB', desc: false }, { field: 'fldA', desc: false }] }, [field]))
      .toEqual({ where: { and: [mine] }, sort: [], hidden: ['fldA'], group: [{ field: 'fldA', desc: false }] });
  });
});
