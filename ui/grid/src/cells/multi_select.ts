// Any of the field's choices, as pills in the order in which they were picked; the value is the list of their ids.
import type { CellValue, Shape } from '../types.ts';
import { type CellKind, bad, good } from './kind.ts';
import { joinNames, splitNames } from './names.ts';
import { choiceNamed, choiceOf, nameOfChoice, pill } from './select.ts';

export const idsOf = (value: CellValue): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : typeof value === 'string' ? [value] : []);

const names = (value: CellValue, shape: Shape): string[] => idsOf(value).map((id) => nameOfChoice(shape, id));

export const multiSelect: CellKind = {
  editor: 'choices',
  show: (value, shape) => names(value, shape).join(', '),
  paint: (cell, value, shape) => cell.replaceChildren(...idsOf(value).map((id) => pill(choiceOf(shape, id) ?? { name: id, colour: 'gray' }))),
  toText: (value, shape) => joinNames(names(value, shape)),
  fromText(raw, column) {
    // Whole names first: a choice may have a comma in its name.
    const whole = choiceNamed(column, raw);
    if (whole) return good([whole.id]);
    const ids: string[] = [];
    for (const name of splitNames(raw.replaceAll('\n', ', '))) {
      const found = choiceNamed(column, name);
      if (!found) return bad(`“${name}” is not one of the choices of ${column.name}`);
      if (!ids.includes(found.id)) ids.push(found.id);
    }
    return good(ids.length > 0 ? ids : null);
  },
};
