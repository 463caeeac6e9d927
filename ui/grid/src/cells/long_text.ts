// Text of several lines; a short row shows its first.
import { type CellKind, good, textOf } from './kind.ts';

export const longText: CellKind = {
  editor: 'area',
  show: textOf,
  toText: textOf,
  fromText: (raw) => good(raw.replace(/\r\n?/g, '\n')),
};
