// Values of several linked records, each a chip: what a lookup through a link of many holds. Never written.
import type { CellValue, Shape } from '../types.ts';
import { kinds } from './index.ts';
import { type CellKind, calculated } from './kind.ts';
import { paintChips, plainChip } from './link.ts';
import { joinNames } from './names.ts';
import { personChip } from './user.ts';

const each = (value: CellValue, shape: Shape, text: 'show' | 'toText'): string[] => {
  const of = withPeople(shape);
  const filled = (Array.isArray(value) ? value : [value]).filter((one) => one !== null && one !== false);
  return filled.map((one) => kinds[of.kind][text](one, of)).filter((one) => one !== '');
};

const withPeople = (shape: Shape): Shape => ({ kind: 'text', ...shape.of, people: shape.people });

export const list: CellKind = {
  editor: 'none',
  show: (value, shape) => each(value, shape, 'show').join(', '),
  paint: (cell, value, shape) => paintChips(cell, each(value, shape, 'show'), shape.of?.kind === 'user' ? personChip : plainChip),
  toText: (value, shape) => joinNames(each(value, shape, 'toText')),
  fromText: calculated,
};
