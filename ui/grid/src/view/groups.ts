// The headings of groups on the screen: a line over the whole width, what the group stands for at the left, totals under their columns.
// A heading is made again when anything but the scroll position has changed; there are few of them in sight.
import { paint, show } from '../cells/index.ts';
import type { Core } from '../core.ts';
import { sameValue } from '../history.ts';
import type { Column, GroupLine } from '../types.ts';
import { drawIcon } from './icon.ts';
import type { Sight } from './rows.ts';

/** px that each level stands further in. */
const INDENT = 18;

interface Heading {
  element: HTMLElement;
  index: number;
  stamp: string;
}

const counts = new Intl.NumberFormat();

export class Groups {
  #live = new Map<number, Heading>();
  #body: HTMLElement;
  #core: Core;
  #prefix: string;
  #at = new WeakMap<Element, Heading>();

  constructor(body: HTMLElement, core: Core, prefix: string) {
    this.#body = body;
    this.#core = core;
    this.#prefix = prefix;
  }

  cellId(line: number): string {
    return `${this.#prefix}-${line}-g`;
  }

  /** Line of the heading around an element. */
  at(target: Element | null): number | undefined {
    const element = target?.closest('.g-group');
    return element ? this.#at.get(element)?.index : undefined;
  }

  render(sight: Sight): void {
    const { pages } = this.#core;
    for (const [index, heading] of this.#live) {
      if (index >= sight.first && index < sight.last && pages.group(index)) continue;
      this.#live.delete(index);
      heading.element.remove();
    }
    const stamp = `${sight.stamp}-${sight.firstCol}-${sight.lastCol}-${sight.base}`;
    for (let index = sight.first; index < sight.last; index += 1) {
      const group = pages.group(index);
      if (!group) continue;
      let heading = this.#live.get(index);
      if (!heading) {
        heading = { element: document.createElement('div'), index, stamp: '' };
        heading.element.setAttribute('role', 'row');
        this.#at.set(heading.element, heading);
        this.#live.set(index, heading);
        this.#body.append(heading.element);
      }
      if (heading.stamp !== stamp) this.#paint(heading, group, sight);
      heading.stamp = stamp;
    }
  }

  #paint({ element, index }: Heading, group: GroupLine, sight: Sight): void {
    const core = this.#core;
    element.className = `g-r g-group${core.selection.focus.row === index ? ' focus' : ''}`;
    element.style.top = `${(index - sight.base) * core.rowHeight}px`;
    element.style.height = `${core.rowHeight}px`;
    element.setAttribute('aria-rowindex', String(index + 2));
    const cells = [this.#lead(group, index, sight)];
    for (let col = 0; col < sight.frozen; col += 1) cells.push(...this.#total(group, col, sight));
    for (let col = sight.firstCol; col < sight.lastCol; col += 1) cells.push(...this.#total(group, col, sight));
    element.replaceChildren(...cells);
  }

  #lead(group: GroupLine, index: number, sight: Sight): HTMLElement {
    const core = this.#core;
    const column = core.groups[group.level];
    const lead = document.createElement('div');
    lead.className = 'g-gh fz';
    lead.id = this.cellId(index);
    lead.setAttribute('role', 'gridcell');
    lead.setAttribute('aria-colindex', '1');
    lead.setAttribute('aria-expanded', String(!group.folded));
    lead.style.width = `${sight.xs[Math.max(1, sight.frozen)] ?? 0}px`;
    lead.style.paddingLeft = `${10 + group.level * INDENT}px`;
    const words = nameOf(column, group);
    const chevron = drawIcon(group.folded ? 'chevron-right' : 'chevron-down');
    const value = document.createElement('span');
    value.className = `g-gv${column ? ` k-${column.kind}` : ''}`;
    if (!column || isEmpty(column, group)) {
      value.classList.add('muted');
      value.textContent = words;
    } else paint(value, group.values[group.level] ?? null, column);
    // A box alone has no words.
    if (column?.kind === 'checkbox') value.append(' ', words);
    const count = document.createElement('span');
    count.className = 'muted num';
    count.textContent = counts.format(group.count);
    lead.append(chevron, value, count);
    if (core.options.canWrite) lead.append(this.#plus(words));
    return lead;
  }

  #plus(words: string): HTMLElement {
    const plus = document.createElement('button');
    plus.type = 'button';
    plus.tabIndex = -1;
    plus.className = 'g-plus';
    plus.setAttribute('aria-label', `Add ${this.#core.options.noun.one} to ${words}`);
    plus.append(drawIcon('plus'));
    return plus;
  }

  #total(group: GroupLine, col: number, sight: Sight): HTMLElement[] {
    const column = this.#core.columns[col];
    const total = column && group.totals[column.id];
    // The first columns are under what the group stands for.
    if (!column || !total || col < sight.frozen) return [];
    const cell = document.createElement('div');
    cell.className = 'g-gt';
    cell.setAttribute('role', 'gridcell');
    cell.setAttribute('aria-colindex', String(col + 2));
    cell.style.left = `${sight.xs[col] ?? 0}px`;
    cell.style.width = `${column.width}px`;
    const value = document.createElement('b');
    value.textContent = total.value;
    cell.append(total.label, ' ', value);
    return [cell];
  }
}

/** A box that is not ticked is a value: it is drawn. */
const isEmpty = (column: Column, group: GroupLine): boolean => column.kind !== 'checkbox' && sameValue(group.values[group.level] ?? null, null);

/** What a group is called in words. */
export function nameOf(column: Column | undefined, group: GroupLine): string {
  if (!column) return '';
  if (column.kind === 'checkbox') return group.values[group.level] === true ? 'Ticked' : 'Not ticked';
  return isEmpty(column, group) ? '(Empty)' : show(group.values[group.level] ?? null, column);
}
