// The rows on the screen: one element a row in sight, reused as rows scroll; in it one element a column in sight.
// A row is painted again only if what it shows has changed (stamp), so scrolling paints only the rows that come in.
import { kinds } from '../cells/index.ts';
import type { Core } from '../core.ts';
import { contains } from '../selection.ts';
import type { Column } from '../types.ts';
import { NUMBER_WIDTH } from './frame.ts';
import { drawIcon } from './icon.ts';

export interface Sight {
  first: number;
  last: number;
  firstCol: number;
  lastCol: number;
  frozen: number;
  /** Left edges of the columns, with the number column before the first. */
  xs: readonly number[];
  /** Row whose top is at y = 0 of the body: keeps coordinates small. */
  base: number;
  /** Anything but the scroll position changed. */
  stamp: number;
}

interface RowElement {
  element: HTMLElement;
  number: HTMLElement;
  label: HTMLElement;
  cells: Map<number, HTMLElement>;
  index: number;
  stamp: number;
  cols: string;
}

export class Rows {
  #live = new Map<number, RowElement>();
  #free: RowElement[] = [];
  #body: HTMLElement;
  #core: Core;
  #prefix: string;
  #at = new WeakMap<Element, { row: RowElement; col: number }>();

  constructor(body: HTMLElement, core: Core, prefix: string) {
    this.#body = body;
    this.#core = core;
    this.#prefix = prefix;
  }

  cellId(row: number, col: number): string {
    return `${this.#prefix}-${row}-${col}`;
  }

  /** Position of the cell around an element; column -1 is the row's number. */
  at(target: Element | null): { row: number; col: number } | undefined {
    const cell = target?.closest('.g-c');
    const place = cell ? this.#at.get(cell) : undefined;
    return place && { row: place.row.index, col: place.col };
  }

  render(sight: Sight): void {
    for (const [index, row] of this.#live) {
      if (index >= sight.first && index < sight.last) continue;
      this.#live.delete(index);
      this.#free.push(row);
    }
    const cols = `${sight.firstCol}-${sight.lastCol}-${sight.frozen}-${sight.base}`;
    for (let index = sight.first; index < sight.last; index += 1) {
      let row = this.#live.get(index);
      if (!row) {
        row = this.#free.pop() ?? this.#make();
        row.index = index;
        row.stamp = -1;
        this.#live.set(index, row);
      }
      if (row.stamp !== sight.stamp || row.cols !== cols) this.#paint(row, sight, cols);
    }
    for (const row of this.#free) if (row.element.isConnected) row.element.remove();
  }

  #make(): RowElement {
    const element = document.createElement('div');
    element.className = 'g-r';
    element.setAttribute('role', 'row');
    const number = document.createElement('div');
    number.className = 'g-c g-n fz';
    number.setAttribute('role', 'rowheader');
    number.setAttribute('aria-colindex', '1');
    number.style.width = `${NUMBER_WIDTH}px`;
    const label = document.createElement('span');
    const open = document.createElement('button');
    open.className = 'g-open';
    open.tabIndex = -1;
    open.type = 'button';
    open.setAttribute('aria-label', `Open ${this.#core.options.noun.one}`);
    open.append(drawIcon('maximize-2'));
    number.append(label, open);
    element.append(number);
    const row: RowElement = { element, number, label, cells: new Map(), index: -1, stamp: -1, cols: '' };
    this.#at.set(number, { row, col: -1 });
    return row;
  }

  #paint(row: RowElement, sight: Sight, cols: string): void {
    const core = this.#core;
    const { element } = row;
    if (!element.isConnected) this.#body.append(element);
    element.style.transform = `translateY(${(row.index - sight.base) * core.rowHeight}px)`;
    element.style.height = `${core.rowHeight}px`;
    element.setAttribute('aria-rowindex', String(row.index + 2));
    row.label.textContent = (row.index + 1).toLocaleString();
    const data = core.pages.row(row.index);
    const area = core.rect;
    element.classList.toggle('cur', data !== undefined && data.id === core.opened);
    const chosen = core.selection.rows && row.index >= area.top && row.index <= area.bottom;
    element.classList.toggle('rowsel', chosen);
    element.setAttribute('aria-selected', String(chosen));
    for (const [col, cell] of row.cells) {
      if (col < sight.frozen || (col >= sight.firstCol && col < sight.lastCol)) continue;
      cell.remove();
      row.cells.delete(col);
    }
    for (let col = 0; col < sight.frozen; col += 1) this.#paintCell(row, col, sight, data !== undefined);
    for (let col = sight.firstCol; col < sight.lastCol; col += 1) this.#paintCell(row, col, sight, data !== undefined);
    row.stamp = sight.stamp;
    row.cols = cols;
  }

  #paintCell(row: RowElement, col: number, sight: Sight, loaded: boolean): void {
    const core = this.#core;
    const column = core.columns[col];
    if (!column) return;
    let cell = row.cells.get(col);
    if (!cell) {
      cell = document.createElement('div');
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', String(col + 2));
      row.cells.set(col, cell);
      this.#at.set(cell, { row, col });
      row.element.append(cell);
    }
    cell.id = this.cellId(row.index, col);
    cell.style.left = `${sight.xs[col] ?? 0}px`;
    cell.style.width = `${column.width}px`;
    const { focus } = core.selection;
    const area = core.rect;
    const isFocus = focus.row === row.index && focus.col === col;
    const selected = contains(area, row.index, col) && (isFocus || area.top !== area.bottom || area.left !== area.right);
    const data = core.pages.row(row.index);
    const value = data ? core.value(data, column) : null;
    const marked = core.mark !== '' && data !== undefined && this.#hasMark(value, column);
    cell.className = className(column, col < sight.frozen, { selected, isFocus, wait: !loaded, marked });
    cell.setAttribute('aria-selected', String(selected));
    cell.setAttribute('aria-readonly', String(!core.writable(column)));
    if (!data) {
      if (cell.textContent !== '' || cell.firstElementChild) cell.textContent = '';
      return;
    }
    kinds[column.kind].paint(cell, value, column);
  }

  #hasMark(value: unknown, column: Column): boolean {
    const text = kinds[column.kind].toText(value as never, column);
    return text.toLocaleLowerCase().includes(this.#core.mark);
  }
}

function className(column: Column, frozen: boolean, is: { selected: boolean; isFocus: boolean; wait: boolean; marked: boolean }): string {
  let out = `g-c k-${column.kind}`;
  if (kinds[column.kind].end) out += ' end';
  if (frozen) out += ' fz p';
  if (is.selected) out += ' sel';
  if (is.isFocus) out += ' focus';
  if (is.wait) out += ' wait';
  if (is.marked) out += ' marked';
  return out;
}
