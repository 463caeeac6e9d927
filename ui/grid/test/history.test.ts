import { describe, expect, test } from 'vitest';
import { type CellChange, type Group, emptyHistory, plan, record, sameValue, takeRedo, takeUndo } from '../src/history.ts';
import { at, single } from '../src/selection.ts';
import type { CellValue } from '../src/types.ts';

const selection = single(at(0, 0));
const cells = (...changes: CellChange[]): Group => ({ kind: 'cells', changes, selection });
const change = (record: string, before: CellValue, after: CellValue): CellChange => ({ record, field: 'f', before, after });

describe('undo', () => {
  test('writes the old value where the cell still holds what was written', () => {
    const made = change('r1', 'old', 'new');
    expect(plan([made], 'undo', () => 'new')).toEqual({ writes: [{ record: 'r1', field: 'f', value: 'old' }], skipped: 0 });
  });
  test('leaves a cell that somebody changed since, and says so', () => {
    expect(plan([change('r1', 'old', 'new')], 'undo', () => 'theirs')).toEqual({ writes: [], skipped: 1 });
  });
  test('leaves a record that is gone', () => expect(plan([change('r1', 'a', 'b')], 'undo', () => undefined).skipped).toBe(1));
  test('redo is the same, the other way round', () => {
    expect(plan([change('r1', 1, 2)], 'redo', () => 1).writes).toEqual([{ record: 'r1', field: 'f', value: 2 }]);
  });
});

describe('the stacks', () => {
  test('a change to the same value is no change', () => expect(record(emptyHistory, cells(change('r', 'a', 'a')))).toBe(emptyHistory));
  test('a new action forgets what was undone', () => {
    const one = record(emptyHistory, cells(change('r', 1, 2)));
    const undone = takeUndo(one)?.rest;
    expect(undone?.redo).toHaveLength(1);
    expect(record(undone ?? emptyHistory, cells(change('r', 1, 3))).redo).toHaveLength(0);
  });
  test('undo then redo comes back to the same stacks', () => {
    const one = record(emptyHistory, cells(change('r', 1, 2)));
    const undone = takeUndo(one);
    expect(takeRedo(undone?.rest ?? emptyHistory)?.rest).toEqual(one);
  });
  test('is not deeper than its depth', () => {
    let history = emptyHistory;
    for (let i = 0; i < 10; i += 1) history = record(history, cells(change('r', i, i + 1)), 4);
    expect(history.undo).toHaveLength(4);
  });
});

test('random edits of two people: undo never overwrites the other one', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    let s = seed;
    const next = (n: number) => (s = (Math.imul(s, 1103515245) + 12345) >>> 0) % n;
    const sheet = new Map<string, CellValue>(Array.from({ length: 4 }, (_, i) => [`r${i}`, 0]));
    const theirs = new Set<string>();
    let history = emptyHistory;
    for (let i = 0; i < 30; i += 1) {
      const id = `r${next(4)}`;
      const value = 1 + next(1000) * 100 + i;
      if (next(3) === 0) theirs.add(id);
      else {
        theirs.delete(id);
        history = record(history, cells(change(id, sheet.get(id) ?? 0, value)));
      }
      sheet.set(id, value);
    }
    const kept = new Map([...theirs].map((id) => [id, sheet.get(id)]));
    for (let taken = takeUndo(history); taken; taken = takeUndo(history)) {
      history = taken.rest;
      if (taken.group.kind !== 'cells') continue;
      for (const write of plan(taken.group.changes, 'undo', (id) => sheet.get(id)).writes) sheet.set(write.record, write.value);
    }
    for (const [id, value] of kept) expect(sheet.get(id), `seed ${seed}`).toBe(value);
  }
});

test.each<[CellValue, CellValue, boolean]>([
  [null, null, true], [null, false, true], ['a', 'a', true], [1, '1', false],
  [[{ id: 'a', name: 'A' }], [{ id: 'a', name: 'renamed' }], true], [[{ id: '', name: 'A' }], [{ id: 'a', name: 'A' }], true], [[], null, true], [[{ id: 'a', name: '' }], null, false],
])('sameValue(%j, %j)', (a, b, same) => expect(sameValue(a, b)).toBe(same));
