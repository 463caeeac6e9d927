// A list to choose from under an editor: choices of a select, records of a link. Typing narrows it, arrows move, Enter takes.

export interface Option {
  id: string;
  label: string;
  /** What stands in the list instead of the label: a pill. */
  element?: HTMLElement;
  on?: boolean;
}

export interface Picker {
  element: HTMLElement;
  input: HTMLInputElement;
  /** Shows these options; with `note` when there are none. */
  show(options: readonly Option[], note: string): void;
  /** The option that Enter would take. */
  active(): Option | undefined;
  move(step: number): void;
}

let count = 0;

export function createPicker(label: string, placeholder: string, take: (option: Option) => void): Picker {
  const id = `pick${(count += 1)}`;
  const element = document.createElement('div');
  element.className = 'g-picker menu';
  const input = document.createElement('input');
  input.className = 'input';
  input.placeholder = placeholder;
  input.autocomplete = 'off';
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-label', label);
  input.setAttribute('aria-expanded', 'true');
  input.setAttribute('aria-controls', id);
  const list = document.createElement('div');
  list.id = id;
  list.className = 'g-options';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', label);
  element.append(input, list);
  let options: readonly Option[] = [];
  let at = 0;

  const paintActive = () => {
    [...list.children].forEach((child, i) => child.classList.toggle('at', i === at && options.length > 0));
    const active = list.children[at];
    if (active && options.length > 0) {
      input.setAttribute('aria-activedescendant', active.id);
      active.scrollIntoView({ block: 'nearest' });
    } else input.removeAttribute('aria-activedescendant');
  };

  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const index = [...list.children].indexOf((event.target as Element).closest('.g-option') as Element);
    const option = options[index];
    if (option) take(option);
  });

  return {
    element,
    input,
    show(next, note) {
      const before = options[at]?.id;
      options = next;
      at = Math.max(0, next.findIndex((o) => o.id === before));
      if (next.length === 0) {
        const empty = document.createElement('div');
        empty.className = 'g-note muted';
        empty.textContent = note;
        list.replaceChildren(empty);
      } else {
        list.replaceChildren(...next.map((option, i) => {
          const row = document.createElement('div');
          row.className = `g-option${option.on ? ' on' : ''}`;
          row.id = `${id}-${i}`;
          row.setAttribute('role', 'option');
          row.setAttribute('aria-selected', String(option.on ?? false));
          row.append(option.element ?? option.label);
          return row;
        }));
      }
      paintActive();
    },
    active: () => options[at],
    move(step) {
      if (options.length === 0) return;
      at = (at + step + options.length) % options.length;
      paintActive();
    },
  };
}
