// Links to records of another table. Pasted text is names, separated by commas; the server finds their records.
import type { CellValue, LinkRef } from '../types.ts';
import { type CellKind, good } from './kind.ts';
import { joinNames, splitNames } from './names.ts';

export const linksOf = (value: CellValue): LinkRef[] => (Array.isArray(value) ? (value as LinkRef[]) : []);

/** Chips shown in one cell. */
const SHOWN = 12;

/** Names as chips; the rest as a number. */
export function paintChips(cell: HTMLElement, names: readonly string[], chip: (name: string) => HTMLElement = plainChip): void {
  const shown = names.slice(0, SHOWN).map(chip);
  if (names.length > shown.length) {
    const more = document.createElement('span');
    more.className = 'muted';
    more.textContent = ` +${names.length - shown.length}`;
    shown.push(more);
  }
  cell.replaceChildren(...shown);
}

export function plainChip(name: string): HTMLElement {
  const out = document.createElement('span');
  out.className = 'link';
  out.textContent = name;
  return out;
}

export const link: CellKind = {
  editor: 'link',
  show: (value) => linksOf(value).map((ref) => ref.name || 'Unnamed').join(', '),
  paint: (cell, value) => paintChips(cell, linksOf(value).map((ref) => ref.name || 'Unnamed')),
  toText: (value) => joinNames(linksOf(value).map((ref) => ref.name)),
  fromText: (raw) => good(splitNames(raw).map((name) => ({ id: '', name }))),
};
