// Text of several lines; a short row shows its first.
import { type CellKind, good, paintText } from './kind.ts';

export const longText: CellKind = {
  editor: 'area',
  paint: (cell, value) => paintText(cell, typeof value === 'string' ? value : ''),
  toText: (value) => (typeof value === 'string' ? value : ''),
  fromText: (raw) => good(raw.replace(/\r\n?/g, '\n')),
};
