import { describe, expect, test } from 'vitest';
import { type Mapping, namesOf, startBody } from '../dialogs/import_map.tsx';

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
