// The window cache against a server that answers when told to.
import { expect, test } from 'vitest';
import { Pages } from '../src/pages.ts';
import type { Window } from '../src/types.ts';

function rig(total: number) {
  const asked: { offset: number; answer: (w?: Partial<Window>) => Promise<void> }[] = [];
  const server = { version: 1, values: new Map<string, string>() };
  const pages = new Pages({
    size: 4, capacity: 3, delay: 0,
    fetch: (offset, limit) => new Promise((resolve) => {
      const rows = () => Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => ({ id: `r${offset + i}`, cells: { f: server.values.get(`r${offset + i}`) ?? `v${offset + i}` } }));
      const seen = { version: server.version, total, offset, rows: rows() };
      asked.push({ offset, answer: async (w = {}) => { resolve({ ...seen, ...w }); await Promise.resolve(); await Promise.resolve(); await Promise.resolve(); } });
    }),
    changed: () => undefined,
    failed: (error) => { throw error; },
  });
  return { pages, asked, server, take: () => asked.splice(0) };
}
const text = (pages: Pages, index: number) => {
  const row = pages.row(index);
  return row && pages.value(row, 'f');
};

test('asks for the pages in sight, once', async () => {
  const { pages, take } = rig(100);
  pages.want(0, 6);
  const first = take();
  expect(first.map((a) => a.offset)).toEqual([0, 4]);
  pages.want(0, 6);
  expect(take()).toEqual([]);
  await Promise.all(first.map((a) => a.answer()));
  expect([pages.total, text(pages, 5)]).toEqual([100, 'v5']);
});

test('keeps at most its capacity, the least used go first', async () => {
  const { pages, take } = rig(100);
  for (const at of [0, 4, 8, 12]) {
    pages.want(at, at + 4);
    for (const a of take()) await a.answer();
  }
  expect([text(pages, 0), text(pages, 4), text(pages, 12)]).toEqual([undefined, 'v4', 'v12']);
});

test('an own write shows at once, survives an older answer, and yields to a newer one', async () => {
  const { pages, take, server } = rig(8);
  pages.want(0, 4);
  for (const a of take()) await a.answer();
  pages.invalidate();
  pages.want(0, 4);
  const old = take();
  const write = [{ record: 'r1', field: 'f', value: 'mine' }];
  pages.begin(write);
  expect(text(pages, 1)).toBe('mine');
  server.version = 2;
  server.values.set('r1', 'mine');
  pages.landed(write, 2);
  for (const a of old) await a.answer();
  expect(text(pages, 1)).toBe('mine');
  server.version = 3;
  server.values.set('r1', 'theirs');
  pages.invalidate();
  pages.want(0, 4);
  for (const a of take()) await a.answer();
  expect(text(pages, 1)).toBe('theirs');
});

test('a refused write shows the server’s value again', async () => {
  const { pages, take } = rig(8);
  pages.want(0, 4);
  for (const a of take()) await a.answer();
  const write = [{ record: 'r1', field: 'f', value: 'mine' }];
  pages.begin(write);
  pages.refused(write);
  expect(text(pages, 1)).toBe('v1');
});

test('after a reset nothing of the old view shows, even if its answer comes late', async () => {
  const { pages, take } = rig(8);
  pages.want(0, 4);
  const late = take();
  pages.reset();
  for (const a of late) await a.answer();
  expect([pages.known, pages.row(0)]).toEqual([false, undefined]);
});
