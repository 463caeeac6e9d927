// Any JSON: compact in the cell and the clipboard, indented in its editor.
import { type CellKind, bad, good } from './kind.ts';

export const json: CellKind = {
  editor: 'area',
  show: (value) => JSON.stringify(value),
  toText: (value) => JSON.stringify(value),
  edited: (value) => JSON.stringify(value, null, 2),
  fromText(raw) {
    try {
      return good(JSON.parse(raw) as never);
    } catch (error) {
      return bad(`This is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
};
