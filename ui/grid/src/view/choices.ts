// Editors that choose from a list at hand: choices of a select (with new ones where the field may grow), people. One or several.
import { choiceNamed, nameOfChoice, pill } from '../cells/select.ts';
import { idsOf } from '../cells/multi_select.ts';
import { personChip, personName } from '../cells/user.ts';
import type { CellValue, Column } from '../types.ts';
import { drawIcon } from './icon.ts';
import { createPicker, type Option } from './picker.ts';

export interface Chooser {
  element: HTMLElement;
  read(): { value: CellValue };
  key(event: KeyboardEvent): boolean;
}

/** Id of the option that writes what is typed as a new choice. */
const NEW = '+';

interface Source {
  find: string;
  none: string;
  options: (wanted: string) => Option[];
  label: (id: string) => string;
}

function sourceOf(column: Column): Source {
  if (column.kind === 'user') {
    const people = column.people ?? [];
    const none = 'Nobody who may see this base is called that';
    return {
      find: 'Find a person', none, label: (id) => personName(column, id),
      options: (wanted) => people.filter((person) => person.name.toLocaleLowerCase().includes(wanted)).map((person) => ({ id: person.id, label: person.name, element: personChip(person.name) })),
    };
  }
  return {
    find: column.grows ? 'Find or add a choice' : 'Find a choice', none: 'No such choice', label: (id) => nameOfChoice(column, id),
    options: (wanted) => (column.choices ?? []).filter((choice) => choice.name.toLocaleLowerCase().includes(wanted)).map((choice) => ({ id: choice.id, label: choice.name, element: pill(choice) })),
  };
}

/** `changed`: the value is another; `done`: the only value was taken with the pointer. */
export function createChooser(column: Column, value: CellValue, many: boolean, changed: () => void, done: () => void): Chooser {
  const source = sourceOf(column);
  let chosen = idsOf(value);
  const picker = createPicker(column.name, source.find, (option) => {
    take(option);
    if (!many) done();
  });
  const chips = document.createElement('div');
  chips.className = 'g-chips';
  if (many) picker.element.prepend(chips);

  const typed = () => picker.input.value.trim();
  const newOption = (): Option[] => {
    const name = typed();
    if (!column.grows || column.kind === 'user' || name === '' || choiceNamed(column, name) || chosen.includes(name)) return [];
    const element = document.createElement('span');
    element.append('Add ', pill({ name, colour: 'gray' }));
    return [{ id: NEW, label: name, element }];
  };
  const show = () => {
    const wanted = typed().toLocaleLowerCase();
    const options = source.options(wanted).map((option) => ({ ...option, on: chosen.includes(option.id) }));
    const clear: Option[] = !many && chosen.length > 0 && wanted === '' ? [{ id: '', label: 'Clear' }] : [];
    picker.show([...options, ...newOption(), ...clear], source.none);
  };
  const paint = () => {
    chips.hidden = chosen.length === 0;
    chips.replaceChildren(...chosen.map((id) => {
      const chip = document.createElement('span');
      chip.className = 'link';
      const remove = document.createElement('button');
      remove.type = 'button';
      remove.setAttribute('aria-label', `Remove ${source.label(id)}`);
      remove.append(drawIcon('x'));
      remove.addEventListener('click', () => {
        set(chosen.filter((one) => one !== id));
        picker.input.focus();
      });
      chip.append(source.label(id), remove);
      return chip;
    }));
  };
  const set = (next: string[]) => {
    chosen = next;
    changed();
    picker.input.value = '';
    paint();
    show();
  };
  const take = (option: Option) => {
    // What is no choice yet stands as its name; the server makes the choice.
    const id = option.id === NEW ? option.label : option.id;
    if (!many) set(id === '' ? [] : [id]);
    else set(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  };

  picker.input.addEventListener('input', show);
  paint();
  show();
  return {
    element: picker.element,
    read: () => ({ value: many ? (chosen.length > 0 ? chosen : null) : (chosen[0] ?? null) }),
    key(event) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        picker.move(event.key === 'ArrowDown' ? 1 : -1);
        return true;
      }
      if (many && event.key === 'Backspace' && picker.input.value === '' && chosen.length > 0) {
        set(chosen.slice(0, -1));
        return true;
      }
      const active = picker.active();
      if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || !active) return false;
      take(active);
      // One value: Enter takes it and leaves, as in every other cell.
      return many;
    },
  };
}
