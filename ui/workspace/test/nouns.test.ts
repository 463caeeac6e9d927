import { expect, test } from 'vitest';
import { nounOf } from '../nouns.ts';

test.each([
  ['Airports', 'airport', 'airports'], ['Countries', 'country', 'countries'], ['Boxes', 'box', 'boxes'], ['Classes', 'class', 'classes'], ['Job openings', 'job opening', 'job openings'], ['NDAs', 'NDA', 'NDAs'],
  ['Table 1', 'record', 'records'], ['Analysis', 'record', 'records'], ['Kunden', 'record', 'records'], ['Status', 'record', 'records'], ['Menus', 'record', 'records'],
])('%s holds one %s, several %s', (table, one, many) => expect(nounOf(table)).toEqual({ one, many }));
