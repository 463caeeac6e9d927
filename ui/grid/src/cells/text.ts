// Single line text. Line breaks in pasted text become spaces, as the server would refuse them.
import { type CellKind, good, textOf } from './kind.ts';

export const oneLine = (raw: string): string => raw.replace(/\s*[\r\n]+\s*/g, ' ');

export const text: CellKind = {
  editor: 'input',
  show: textOf,
  toText: textOf,
  fromText: (raw) => good(oneLine(raw)),
};
