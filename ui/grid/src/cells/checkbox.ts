// A tick. Enter toggles it; there is nothing to type.
import { drawIcon } from '../view/icon.ts';
import { type CellKind, bad, good } from './kind.ts';

const YES = new Set(['true', 'yes', 'y', '1', 'x', '✓', 'checked', 'ja', 'oui', 'sí', 'si']);
const NO = new Set(['false', 'no', 'n', '0', '', 'unchecked', 'nein', 'non']);

export const checkbox: CellKind = {
  editor: 'toggle',
  show: (value) => (value === true ? 'Yes' : 'No'),
  paint(cell, value) {
    const on = value === true;
    let box = cell.firstElementChild as HTMLElement | null;
    if (!box?.classList.contains('check')) {
      box = document.createElement('span');
      box.className = 'check';
      cell.replaceChildren(box);
    }
    if (box.classList.contains('on') === on && box.dataset.drawn) return;
    box.dataset.drawn = '1';
    box.classList.toggle('on', on);
    box.replaceChildren(...(on ? [drawIcon('check')] : []));
    box.setAttribute('role', 'img');
    box.setAttribute('aria-label', on ? 'Yes' : 'No');
  },
  toText: (value) => (value === true ? 'true' : 'false'),
  fromText(raw) {
    const word = raw.trim().toLowerCase();
    if (YES.has(word)) return good(true);
    return NO.has(word) ? good(false) : bad(`“${raw}” is neither yes nor no`);
  },
};
