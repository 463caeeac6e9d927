import { describe, expect, test } from 'vitest';
import type { TableInfo } from '../api/types.ts';
import { type Mapping, namesOf, startBody } from '../dialogs/import_map.tsx';
import { APPEND, type Mode, isReady } from '../dialogs/import_mode.tsx';

const column = (name: string, part: Partial<Mapping> = {}): Mapping => ({ column: name, skip: false, name, type: 'text', ...part });
const file = [column('ID', { type: 'number' }), column('Name'), column('Open', { type: 'checkbox' })];

describe('the column that names a record', () => {
  test.each<[string, Mapping[], string, string | undefined]>([
    ['is the one that the server guessed', file, 'Name', 'Name'],
    ['is the first that can when that one is left out', [file[0]!, column('Name', { skip: true }), file[2]!], 'Name', 'ID'],
    ['is no link', [column('City', { type: 'link' }), column('Nr')], 'City', 'Nr'],
    ['is no checkbox', file, 'Open', 'ID'],
    ['is none when nothing can', [column('Open', { type: 'checkbox' })], 'Open', undefined],
  ])('%s', (_, mapping, wanted, names) => expect(namesOf(mapping, wanted)).toBe(names));

  test('is sent with a new table only', () => {
    expect(startBody({ kind: 'new', name: ' Towns ' }, file, 'Name')).toMatchObject({ name: 'Towns', primary: 'Name' });
    expect(startBody({ kind: 'table', id: 'tblX' }, file, 'Name')).not.toHaveProperty('primary');
  });
});

describe('what becomes of records that are there', () => {
  const table = { name: 'Towns', records: 3 } as TableInfo;
  const mapped = [column('ID', { type: 'number', field: 'fld1' }), column('Tags', { type: 'multi_select', field: 'fld2' }), column('New')];

  test('is sent as it was chosen', () => {
    const body = (mode: Partial<Mode>) => startBody({ kind: 'table', id: 'tblX' }, mapped, undefined, { ...APPEND, ...mode });
    expect(body({})).not.toHaveProperty('mode');
    expect(body({ mode: 'replace' })).toMatchObject({ mode: 'replace' });
    expect(body({ mode: 'update', key: 'ID', blanks: 'clear' })).toMatchObject({ mode: 'update', key: 'ID', missing: 'create', blanks: 'clear' });
  });

  test.each<[Partial<Mode>, boolean]>([
    [{}, true],
    [{ mode: 'update' }, false],
    [{ mode: 'update', key: 'ID' }, true],
    [{ mode: 'update', key: 'Tags' }, false],
    [{ mode: 'update', key: 'New' }, false],
    [{ mode: 'replace', confirmed: 'towns' }, false],
    [{ mode: 'replace', confirmed: 'Towns ' }, true],
  ])('%o is ready: %s', (mode, ready) => expect(isReady({ ...APPEND, ...mode }, table, mapped)).toBe(ready));
});
