import { expect, test } from 'vitest';
import { series } from '../src/fill.ts';

test('one value repeats', () => expect(series('number', [5], 3)).toEqual([5, 5, 5]));
test('numbers of one step go on', () => expect(series('number', [0.1, 0.2], 3)).toEqual([0.3, 0.4, 0.5]));
test('numbers without one repeat', () => expect(series('number', [1, 2, 5], 4)).toEqual([1, 2, 5, 1]));
test('days go on over the month’s end', () => expect(series('date', ['2026-01-30', '2026-01-31'], 2)).toEqual(['2026-02-01', '2026-02-02']));
test('texts repeat', () => expect(series('text', ['a', 'b'], 3)).toEqual(['a', 'b', 'a']));
test('empty cells are no series', () => expect(series('number', [1, null], 2)).toEqual([1, null]));
