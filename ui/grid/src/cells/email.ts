// An e-mail address: plain text in the cell, a link in the record panel.
import { type CellKind, bad, good, textOf } from './kind.ts';

export const email: CellKind = {
  editor: 'input',
  inputMode: 'email',
  show: textOf,
  toText: textOf,
  fromText(raw) {
    const text = raw.trim().replace(/^mailto:/i, '');
    return /^[^\s@]+@[^\s@]+$/.test(text) ? good(text) : bad(`“${raw}” is not an e-mail address`);
  },
};
