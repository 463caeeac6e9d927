// People of the organisation: the value is an id, or a list of ids; who has which name, the column knows as far as the page does.
import type { CellValue, Shape } from '../types.ts';
import { type CellKind, bad, good } from './kind.ts';
import { idsOf } from './multi_select.ts';
import { joinNames, splitNames } from './names.ts';

export const personName = (shape: Shape, id: string): string => shape.people?.find((person) => person.id === id)?.name || id;

export const initials = (name: string): string => name.split(/\s+/).map((word) => word[0] ?? '').join('').slice(0, 2).toUpperCase() || '?';

export function personChip(name: string): HTMLElement {
  const chip = document.createElement('span');
  chip.className = 'link person';
  const face = document.createElement('i');
  face.setAttribute('aria-hidden', 'true');
  face.textContent = initials(name);
  chip.append(face, name);
  return chip;
}

const names = (value: CellValue, shape: Shape): string[] => idsOf(value).map((id) => personName(shape, id));

export const user: CellKind = {
  editor: 'people',
  show: (value, shape) => names(value, shape).join(', '),
  paint: (cell, value, shape) => cell.replaceChildren(...names(value, shape).map(personChip)),
  toText: (value, shape) => joinNames(names(value, shape)),
  fromText(raw, column) {
    const ids: string[] = [];
    for (const text of splitNames(raw)) {
      const wanted = text.toLocaleLowerCase();
      const named = (column.people ?? []).filter((person) => person.name.toLocaleLowerCase() === wanted);
      if (named.length > 1) return bad(`Several people are called “${text}”`);
      const id = named[0]?.id ?? (/^usr_\w+$/.test(text) ? text : undefined);
      if (!id) return bad(`Nobody here is called “${text}”`);
      if (!ids.includes(id)) ids.push(id);
    }
    if (column.many) return good(ids.length > 0 ? ids : null);
    return ids.length > 1 ? bad(`${column.name} takes one person`) : good(ids[0] ?? null);
  },
};
