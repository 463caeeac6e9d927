// An e-mail address: plain text in the cell, a link in the record panel.
import { type CellKind, bad, good, paintText } from './kind.ts';

export const email: CellKind = {
  editor: 'input',
  inputMode: 'email',
  paint: (cell, value) => paintText(cell, typeof value === 'string' ? value : ''),
  toText: (value) => (typeof value === 'string' ? value : ''),
  fromText(raw) {
    const text = raw.trim().replace(/^mailto:/i, '');
    return /^[^\s@]+@[^\s@]+$/.test(text) ? good(text) : bad(`“${raw}” is not an e-mail address`);
  },
};
