// One of the field's choices, a coloured pill; the value is the choice's id. A name that is no choice yet waits for the server to make one.
import type { Choice, Shape } from '../types.ts';
import { type CellKind, bad, good, textOf } from './kind.ts';

export const choiceOf = (shape: Shape, id: unknown): Choice | undefined => shape.choices?.find((choice) => choice.id === id);

/** The choice that a text names, without regard to case. */
export function choiceNamed(shape: Shape, name: string): Choice | undefined {
  const wanted = name.trim().toLocaleLowerCase();
  return shape.choices?.find((choice) => choice.name.toLocaleLowerCase() === wanted);
}

/** Names that the server gives to colours besides those of the palette. */
const DYES: Record<string, string> = { amber: 'yellow', rose: 'pink', grey: 'gray', '': 'gray' };
export const dye = (colour: string): string => DYES[colour] ?? colour;

export function pill(choice: Pick<Choice, 'name' | 'colour'>): HTMLElement {
  const out = document.createElement('span');
  out.className = `pill ${dye(choice.colour)}`;
  out.textContent = choice.name;
  return out;
}

export const nameOfChoice = (shape: Shape, id: unknown): string => choiceOf(shape, id)?.name ?? (typeof id === 'string' ? id : '');

export const select: CellKind = {
  editor: 'choice',
  show: (value, shape) => nameOfChoice(shape, value),
  paint: (cell, value, shape) => cell.replaceChildren(pill(choiceOf(shape, value) ?? { name: textOf(value), colour: 'gray' })),
  toText: (value, shape) => nameOfChoice(shape, value),
  fromText(raw, column) {
    const found = choiceNamed(column, raw);
    return found ? good(found.id) : bad(`“${raw}” is not one of the choices of ${column.name}`);
  },
};
