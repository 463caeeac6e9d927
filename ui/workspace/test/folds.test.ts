import { expect, test } from 'vitest';
import type { Field, LinesAnswer } from '../api/types.ts';
import { fold, foldAll, foldsQuery, MAX_KEYS, OPEN } from '../folds.ts';
import { linesWindow } from '../lines.ts';

test('a group folds and unfolds, and the API is told those that differ', () => {
  const one = fold(OPEN, 'a', true);
  expect(foldsQuery(one)).toEqual({ collapsed: ['a'] });
  expect(foldsQuery(fold(fold(one, 'b', true), 'a', false))).toEqual({ collapsed: ['b'] });
  expect(foldsQuery(fold(one, 'a', false))).toEqual({});
  expect(foldsQuery(fold(one, 'a', true))).toEqual({ collapsed: ['a'] });
});

test('with all folded those that are not are told', () => {
  const all = foldAll(true);
  expect(foldsQuery(all)).toEqual({ expanded: [] });
  expect(foldsQuery(fold(all, 'a', false))).toEqual({ expanded: ['a'] });
  expect(foldsQuery(fold(fold(all, 'a', false), 'a', true))).toEqual({ expanded: [] });
  expect(foldsQuery(foldAll(false))).toEqual({});
});

test('what was touched first is forgotten beyond what the API takes', () => {
  let folds = OPEN;
  for (let i = 0; i <= MAX_KEYS; i += 1) folds = fold(folds, `k${i}`, true);
  expect([folds.keys.length, folds.keys[0], folds.keys.at(-1)]).toEqual([MAX_KEYS, 'k1', `k${MAX_KEYS}`]);
});

test('lines: records know their place across headings and folded groups', () => {
  const field = { id: 'fldN', name: 'N', type: 'number', description: null, options: { precision: 0 }, read_only: false } satisfies Field;
  const heading = (key: string, level: number, first: number, count: number, collapsed: boolean) => ({ level, key, values: ['x'], count, first, collapsed, totals: { fldN: 7 } });
  const answer: LinesAnswer = {
    version: 3, total: 9, records: 12, offset: 2, place: 1, fields: ['fldN'],
    lines: [['rec1', 4], heading('a', 0, 2, 5, true), heading('b', 0, 7, 5, false), heading('c', 1, 7, 5, false), ['rec7', null], ['rec8', 2]],
  };
  const window = linesWindow(answer, [field], { fldN: 'sum' });
  expect(window.records).toBe(12);
  expect(window.rows.map((line) => ('level' in line ? `${line.level}${line.folded ? '-' : '+'}` : line.place))).toEqual([1, '0-', '0+', '1+', 7, 8]);
  expect(window.rows[1]).toMatchObject({ id: 'a', count: 5, totals: { fldN: { label: 'Sum', value: '7' } } });
  expect(window.rows[4]).toEqual({ id: 'rec7', place: 7, cells: { fldN: null } });
});
