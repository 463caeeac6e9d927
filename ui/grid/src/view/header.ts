// The header row and the footer of totals: columns in sight only, like the rows.
import type { Core } from '../core.ts';
import { kindIcon } from '../kind_icons.ts';
import { kinds } from '../cells/index.ts';
import type { FooterCell } from '../types.ts';
import { ADD_WIDTH, type Frame, NUMBER_WIDTH } from './frame.ts';
import { drawIcon } from './icon.ts';
import type { Sight } from './rows.ts';

export class Header {
  /** Totals by field; a new map is painted. */
  footer = new Map<string, FooterCell>();
  #frame: Frame;
  #core: Core;
  #key = '';
  #columns: unknown;
  #shown: unknown;

  constructor(frame: Frame, core: Core) {
    this.#frame = frame;
    this.#core = core;
  }

  /** Column whose header is around an element; -1 for the corner, the number of columns for the add button. */
  at(target: Element | null): number | undefined {
    const cell = target?.closest<HTMLElement>('[data-col]');
    return cell ? Number(cell.dataset.col) : undefined;
  }

  render(sight: Sight): void {
    const area = this.#core.rect;
    const key = `${sight.firstCol}-${sight.lastCol}-${sight.frozen}-${area.left}-${area.right}-${sight.xs[0] ?? 0}`;
    if (key === this.#key && this.#columns === this.#core.columns && this.#shown === this.footer) return;
    this.#key = key;
    this.#columns = this.#core.columns;
    this.#shown = this.footer;
    const shown = [...Array.from({ length: sight.frozen }, (_, i) => i), ...Array.from({ length: sight.lastCol - sight.firstCol }, (_, i) => sight.firstCol + i)];
    this.#frame.head.replaceChildren(this.#corner(), ...shown.map((col) => this.#headCell(col, sight)), ...this.#add(sight));
    this.#frame.foot.replaceChildren(this.#footCorner(sight), ...shown.map((col) => this.#footCell(col, sight)));
  }

  #place(cell: HTMLElement, col: number, sight: Sight): void {
    cell.dataset.col = String(col);
    cell.style.left = `${sight.xs[col] ?? 0}px`;
    cell.style.width = `${this.#core.columns[col]?.width ?? 0}px`;
  }

  #corner(): HTMLElement {
    const cell = document.createElement('div');
    cell.className = 'g-c g-n fz';
    cell.setAttribute('role', 'columnheader');
    cell.setAttribute('aria-colindex', '1');
    cell.setAttribute('aria-label', 'Row number');
    cell.dataset.col = '-1';
    cell.style.width = `${NUMBER_WIDTH}px`;
    return cell;
  }

  #headCell(col: number, sight: Sight): HTMLElement {
    const column = this.#core.columns[col];
    const cell = document.createElement('div');
    if (!column) return cell;
    const area = this.#core.rect;
    const inSelection = col >= area.left && col <= area.right && this.#core.size.rows > 0;
    cell.className = `g-c${col < sight.frozen ? ' fz p' : ''}${kinds[column.kind].end ? ' end' : ''}${inSelection ? ' insel' : ''}`;
    cell.setAttribute('role', 'columnheader');
    cell.setAttribute('aria-colindex', String(col + 2));
    const about = [column.description, column.problem].filter(Boolean).join('\n');
    if (about) cell.title = about;
    this.#place(cell, col, sight);
    const name = document.createElement('span');
    name.className = 'trunc';
    name.textContent = column.name;
    const menu = document.createElement('button');
    menu.type = 'button';
    menu.tabIndex = -1;
    menu.className = 'g-menu';
    menu.setAttribute('aria-label', `Field ${column.name}`);
    menu.append(drawIcon('chevron-down'));
    const grip = document.createElement('i');
    grip.className = 'g-grip';
    cell.append(drawIcon(kindIcon[column.type ?? column.kind]), name, ...(column.problem ? [drawIcon('triangle-alert')] : []), menu, grip);
    return cell;
  }

  #add(sight: Sight): HTMLElement[] {
    if (!this.#core.options.canWrite || sight.lastCol < this.#core.columns.length) return [];
    const cell = document.createElement('div');
    cell.className = 'g-c g-add';
    cell.setAttribute('role', 'columnheader');
    cell.setAttribute('aria-colindex', String(this.#core.columns.length + 2));
    cell.style.left = `${sight.xs[this.#core.columns.length] ?? 0}px`;
    cell.style.width = `${ADD_WIDTH}px`;
    const button = document.createElement('button');
    button.type = 'button';
    button.tabIndex = -1;
    button.dataset.col = String(this.#core.columns.length);
    button.setAttribute('aria-label', 'Add a field');
    button.append(drawIcon('plus'));
    cell.append(button);
    return [cell];
  }

  #footCorner(sight: Sight): HTMLElement {
    const cell = document.createElement('div');
    cell.className = 'g-c g-n fz';
    const width = sight.xs[0] ?? NUMBER_WIDTH;
    cell.style.width = `${width}px`;
    return cell;
  }

  #footCell(col: number, sight: Sight): HTMLElement {
    const column = this.#core.columns[col];
    const cell = document.createElement('div');
    if (!column) return cell;
    const total = this.footer.get(column.id);
    cell.className = `g-c${col < sight.frozen ? ' fz p' : ''}${kinds[column.kind].end ? ' end' : ''}`;
    this.#place(cell, col, sight);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = total ? 'g-total' : 'g-total none';
    button.dataset.foot = column.id;
    if (total) {
      button.append(total.label);
      if (total.value !== '') {
        const value = document.createElement('b');
        value.textContent = total.value;
        button.append(' ', value);
      }
      button.setAttribute('aria-label', `${column.name}: ${total.label} ${total.value}. Change the total`);
    } else {
      button.append('Total');
      button.setAttribute('aria-label', `Add a total to ${column.name}`);
    }
    cell.append(button);
    return cell;
  }
}
