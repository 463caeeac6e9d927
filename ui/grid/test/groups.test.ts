// Headings among the lines: what reads, copies, pastes and adds records steps over them.
import { expect, test } from 'vitest';
import { Core } from '../src/core.ts';
import { at, single } from '../src/selection.ts';
import type { CellWrite, Column, Host, Line } from '../src/types.ts';
import { nameOf } from '../src/view/groups.ts';

const column = (id: string, more: Partial<Column> = {}): Column => ({ id, name: id.toUpperCase(), kind: 'text', width: 100, readOnly: false, ...more });
const heading = (id: string, level: number, values: string[], folded = false): Line => ({ id, level, values, count: 2, folded, totals: {} });
const row = (id: string, city: string, name: string): Line => ({ id, cells: { city, name } });

/** North (Oslo: a, b; Riga: c), South (Rome: d). */
const LINES: Line[] = [
  heading('N', 0, ['North']), heading('No', 1, ['North', 'Oslo']), row('a', 'Oslo', 'A'), row('b', 'Oslo', 'B'),
  heading('Nr', 1, ['North', 'Riga']), row('c', 'Riga', 'C'), heading('S', 0, ['South']), heading('Sr', 1, ['South', 'Rome']), row('d', 'Rome', 'D'),
];

async function rig() {
  const written: CellWrite[][] = [];
  const created: unknown[] = [];
  const folded: [string, boolean][] = [];
  const host: Host = {
    window: (offset, limit) => Promise.resolve({ version: 1, total: LINES.length, records: 4, offset, rows: structuredClone(LINES.slice(offset, offset + limit)) }),
    write: (writes) => { written.push(writes); return Promise.resolve(2); },
    create: (rows) => { created.push(...rows); return Promise.resolve({ ids: rows.map((_, i) => `new${i}`), version: 2 }); },
    remove: () => Promise.resolve(2), restore: () => Promise.resolve(2), record: () => Promise.resolve(null), position: () => Promise.resolve(2),
    links: () => Promise.resolve([]), notice: () => undefined, open: () => undefined, menu: () => undefined, resized: () => undefined, reordered: () => undefined,
    fold: (group, is) => folded.push([group, is]), changed: () => undefined, files: () => undefined,
  };
  const core = new Core({ label: 'Test', columns: [column('name'), column('city')], rowHeight: 32, host, noun: { one: 'place', many: 'places' }, canWrite: true });
  core.groups = [column('region', { readOnly: true }), column('city')];
  core.pages.want(0, 9);
  await core.pages.load(0, 9);
  return { core, written, created, folded };
}

test('lines are counted with headings, records without', async () => {
  const { core } = await rig();
  expect([core.size.rows, core.pages.records]).toEqual([9, 4]);
  expect([core.pages.row(1), core.pages.row(2)?.id, core.pages.group(2), core.pages.group(1)?.id]).toEqual([undefined, 'a', undefined, 'No']);
  expect([core.pages.find('No'), core.pages.find('c')?.index, core.pages.where('No')]).toEqual([undefined, 5, 1]);
});

test('a selection across headings has the records alone', async () => {
  const { core, written } = await rig();
  core.select({ anchor: at(3, 0), focus: at(8, 0), rows: false });
  expect((await core.rows())?.map((one) => one.id)).toEqual(['b', 'c', 'd']);
  await core.fillDown();
  await Promise.resolve();
  expect(written.flat().map((one) => [one.record, one.value])).toEqual([['c', 'B'], ['d', 'B']]);
});

test('a paste goes on behind a heading, and past the end makes records', async () => {
  const { core, written, created } = await rig();
  core.select(single(at(3, 0)));
  await core.paste([['1'], ['2'], ['3'], ['4']], { rows: 4, cols: 1 });
  await Promise.resolve();
  expect(written.flat().map((one) => [one.record, one.value])).toEqual([['b', '1'], ['c', '2'], ['d', '3']]);
  expect(created).toEqual([{ name: '4' }]);
});

test('a drag of the handle goes on behind a heading', async () => {
  const { core, written } = await rig();
  core.select({ anchor: at(2, 0), focus: at(3, 0), rows: false });
  await core.fillTo(8, (_, source, count) => Array.from({ length: count }, (_, i) => source[i % source.length] ?? null));
  await Promise.resolve();
  expect(written.flat().map((one) => [one.record, one.value])).toEqual([['c', 'A'], ['d', 'B']]);
});

test('a new record in a group has the values that can be written', async () => {
  const { core } = await rig();
  expect(core.within(1)).toEqual({ city: 'Oslo' });
  expect(core.within(5)).toEqual({ city: 'Riga' });
  expect(core.within(0)).toEqual({});
});

test('the focus goes to the new record, not with the line that it pushes down', async () => {
  const { core } = await rig();
  await core.add({}, 0);
  expect(core.selection.focus).toEqual(at(2, 0));
  LINES.splice(2, 0, row('new0', 'Oslo', ''));
  try {
    core.pages.want(0, 10);
    await new Promise((done) => setTimeout(done, 60));
    expect([core.pages.row(2)?.id, core.selection.focus.row]).toEqual(['new0', 2]);
  } finally {
    LINES.splice(2, 1);
  }
});

test('folding tells the host, once', async () => {
  const { core, folded } = await rig();
  core.fold(1);
  core.fold(1, true);
  core.fold(2);
  core.foldAll(false);
  expect(folded).toEqual([['No', true], ['all', false]]);
});

test('the heading outside of a heading', async () => {
  const { core } = await rig();
  expect([7, 4, 6, 0].map((line) => core.outer(line))).toEqual([6, 0, 6, 0]);
});

test.each<[Partial<Column>, Line, string]>([
  [{}, heading('x', 0, ['Oslo']), 'Oslo'],
  [{}, heading('x', 0, []), '(Empty)'],
  [{ kind: 'select', choices: [{ id: 'sel1', name: 'Open', colour: 'green' }] }, heading('x', 0, ['sel1']), 'Open'],
  [{ kind: 'checkbox' }, { ...heading('x', 0, []), values: [false] } as Line, 'Not ticked'],
  [{ kind: 'checkbox' }, { ...heading('x', 0, []), values: [true] } as Line, 'Ticked'],
  [{ kind: 'multi_select', choices: [] }, { ...heading('x', 0, []), values: [[]] } as Line, '(Empty)'],
])('a group is called %#', (more, group, name) => {
  expect(nameOf(column('f', more), group as Parameters<typeof nameOf>[1])).toBe(name);
});
