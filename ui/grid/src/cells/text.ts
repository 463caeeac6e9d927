// Single line text. Line breaks in pasted text become spaces, as the server would refuse them.
import { type CellKind, good, paintText } from './kind.ts';

export const text: CellKind = {
  editor: 'input',
  paint: (cell, value) => paintText(cell, typeof value === 'string' ? value : ''),
  toText: (value) => (typeof value === 'string' ? value : ''),
  fromText: (raw) => good(raw.replace(/\s*[\r\n]+\s*/g, ' ')),
};
