// Links to records of another table. Pasted text is names, separated by commas; the server finds their records.
import type { CellValue, LinkRef } from '../types.ts';
import { type CellKind, good } from './kind.ts';

export const linksOf = (value: CellValue): LinkRef[] => (Array.isArray(value) ? value : []);
const quote = (name: string) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** "Berlin, "Paris, Texas"" → two names. */
export function splitNames(text: string): string[] {
  const names = text.match(/\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]+/g) ?? [];
  return names.map((name) => name.trim()).map((name) => (/^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name)).filter(Boolean);
}

export const link: CellKind = {
  editor: 'link',
  paint(cell, value) {
    const links = linksOf(value);
    if (links.length === 0) {
      cell.textContent = '';
      return;
    }
    const shown = links.slice(0, 12).map((ref) => {
      const out = document.createElement('span');
      out.className = 'link';
      out.textContent = ref.name || 'Unnamed';
      return out;
    });
    if (links.length > shown.length) {
      const more = document.createElement('span');
      more.className = 'muted';
      more.textContent = ` +${links.length - shown.length}`;
      shown.push(more);
    }
    cell.replaceChildren(...shown);
  },
  toText: (value) => linksOf(value).map((ref) => quote(ref.name)).join(', '),
  fromText: (raw) => good(splitNames(raw).map((name) => ({ id: '', name }))),
};
