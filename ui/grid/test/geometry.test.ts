import { describe, expect, test } from 'vitest';
import { edges, fromDom, maxTop, moved, revealColumn, revealRow, space, toDom, visibleColumns, visibleRows } from '../src/geometry.ts';

const big = { content: 32_000_000, viewport: 800, cap: 10_000_000 };
const small = { content: 3_200, viewport: 800, cap: 10_000_000 };

describe('scaled scrolling', () => {
  test('the scrolled element is never higher than the cap', () => {
    expect(space(big)).toBe(10_000_000);
    expect(space(small)).toBe(3_200);
  });
  test.each([big, small])('fromDom after toDom is the identity, at both ends and between (%o)', (e) => {
    for (let i = 0; i <= 1000; i += 1) {
      const top = (maxTop(e) * i) / 1000;
      expect(fromDom(e, toDom(e, top))).toBeCloseTo(top, 3);
    }
    expect(toDom(e, maxTop(e))).toBe(space(e) - e.viewport);
    expect(fromDom(e, 0)).toBe(0);
  });
  test('every row of ten million can be shown', () => {
    const e = { content: 10_000_000 * 32, viewport: 777, cap: 10_000_000 };
    for (const row of [0, 1, 999_999, 5_000_001, 9_999_999]) {
      const top = revealRow(0, e.viewport, 32, row);
      const seen = visibleRows(Math.min(top, maxTop(e)), e.viewport, 32, 10_000_000);
      expect(row).toBeGreaterThanOrEqual(seen.first);
      expect(row).toBeLessThan(seen.last);
    }
  });
  test('a wheel step moves one to one, a drag of the bar in proportion', () => {
    expect(moved(big, 1_000_000, 300_000, 300_120)).toBe(1_000_120);
    expect(moved(big, 0, 0, 5_000_000)).toBeCloseTo(fromDom(big, 5_000_000), 6);
  });
  test('both ends are reached whatever the drift', () => {
    expect(moved(big, 500, 120, 0)).toBe(0);
    expect(moved(big, 1_000, 9_999_100, space(big) - big.viewport)).toBe(maxTop(big));
  });
});

describe('columns', () => {
  const xs = edges([200, 100, 100, 100, 100], 56);
  test('edges are prefix sums', () => expect(xs).toEqual([56, 256, 356, 456, 556, 656]));
  test('only columns in sight, without the frozen', () => {
    expect(visibleColumns(xs, 1, 0, 400)).toEqual({ first: 1, last: 3 });
    expect(visibleColumns(xs, 1, 150, 400)).toEqual({ first: 2, last: 4 });
    expect(visibleColumns(xs, 1, 5_000, 400)).toEqual({ first: 5, last: 5 });
  });
  test('a column is shown whole beside the frozen part', () => {
    expect(revealColumn(xs, 1, 4, 0, 400)).toBe(256);
    expect(revealColumn(xs, 1, 1, 300, 400)).toBe(0);
    expect(revealColumn(xs, 1, 0, 300, 400)).toBe(300);
    expect(revealColumn(xs, 1, 2, 0, 460)).toBe(0);
  });
});
