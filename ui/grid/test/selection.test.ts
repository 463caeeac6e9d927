// Selections as pictures: rows of the view, A the anchor, F the focus, # selected, . not.
import { describe, expect, test } from 'vitest';
import { type Move, type Selection, at, cellCount, contains, fit, follow, moveBy, rect, selectAll } from '../src/selection.ts';

function read(picture: string): { selection: Selection; size: { rows: number; cols: number } } {
  const lines = picture.trim().split('\n').map((l) => l.trim());
  const find = (mark: string) => {
    const row = lines.findIndex((l) => l.includes(mark));
    return row < 0 ? undefined : at(row, (lines[row] as string).indexOf(mark));
  };
  const focus = find('F') ?? at(0, 0);
  return { selection: { anchor: find('A') ?? focus, focus, rows: false }, size: { rows: lines.length, cols: (lines[0] as string).length } };
}

function draw(selection: Selection, size: { rows: number; cols: number }): string {
  const area = rect(selection, size);
  const mark = (row: number, col: number) => {
    if (row === selection.focus.row && col === selection.focus.col) return 'F';
    if (row === selection.anchor.row && col === selection.anchor.col) return 'A';
    return contains(area, row, col) ? '#' : '.';
  };
  return Array.from({ length: size.rows }, (_, r) => Array.from({ length: size.cols }, (_, c) => mark(r, c)).join('')).join('\n');
}

function check(before: string, move: Move, extend: boolean, after: string): void {
  const { selection, size } = read(before);
  expect(draw(moveBy(selection, move, size, 2, extend), size)).toBe(after.trim().split('\n').map((l) => l.trim()).join('\n'));
}

describe('moves', () => {
  test('one cell', () => check('...\n.F.\n...', 'right', false, '...\n..F\n...'));
  test('not past the edge', () => check('F..\n...', 'up', false, 'F..\n...'));
  test('extending keeps the anchor', () => check('....\n.F..\n....', 'down', true, '....\n.A..\n.F..'));
  test('a rectangle in two steps', () => check('....\n.A..\n.F..', 'right', true, '....\n.A#.\n.#F.'));
  test('shrinking', () => check('.A#.\n.##.\n.#F.', 'up', true, '.A#.\n.#F.\n....'));
  test('to the row’s ends and corners', () => {
    check('....\n..F.\n....', 'rowStart', false, '....\nF...\n....');
    check('....\n..F.\n....', 'last', true, '....\n..A#\n..#F');
    check('F...\n....\n....', 'pageDown', false, '....\n....\nF...');
  });
});

test('all rows count with every column', () => {
  const size = { rows: 1_000_000, cols: 20 };
  expect(cellCount(rect(selectAll(size), size))).toBe(20_000_000);
});

test('a smaller view keeps the selection inside', () => {
  const s = fit({ anchor: at(9, 9), focus: at(3, 1), rows: false }, { rows: 4, cols: 3 });
  expect(s).toEqual({ anchor: at(3, 2), focus: at(3, 1), rows: false });
});

test('the corners follow their records, and stay where a record is not at hand', () => {
  const s: Selection = { anchor: at(2, 0), focus: at(5, 1), rows: false };
  const where = (id: string) => ({ rec5: 1 })[id];
  expect(follow(s, { anchor: 'rec2', focus: 'rec5' }, where, { rows: 10, cols: 3 })).toEqual({ anchor: at(2, 0), focus: at(1, 1), rows: false });
});
