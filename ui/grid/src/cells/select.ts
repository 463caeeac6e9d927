// One of the field's choices, a coloured pill; the value is the choice's id.
import type { Choice, Column } from '../types.ts';
import { type CellKind, bad, good } from './kind.ts';

export const choiceOf = (column: Column, id: unknown): Choice | undefined => column.choices?.find((choice) => choice.id === id);

export function pill(choice: Choice): HTMLElement {
  const out = document.createElement('span');
  out.className = `pill ${choice.colour}`;
  out.textContent = choice.name;
  return out;
}

export const select: CellKind = {
  editor: 'list',
  paint(cell, value, column) {
    const choice = choiceOf(column, value);
    if (!choice) cell.textContent = typeof value === 'string' ? value : '';
    else cell.replaceChildren(pill(choice));
  },
  toText: (value, column) => choiceOf(column, value)?.name ?? '',
  fromText(raw, column) {
    const wanted = raw.trim().toLocaleLowerCase();
    const found = column.choices?.find((choice) => choice.name.toLocaleLowerCase() === wanted);
    return found ? good(found.id) : bad(`“${raw}” is not one of the choices of ${column.name}`);
  },
};
