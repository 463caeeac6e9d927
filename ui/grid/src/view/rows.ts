// The rows on the screen: one element a row in sight, reused as rows scroll; in it one element a column in sight.
// A row is painted again only if what it shows has changed (stamp), so scrolling paints only the rows that come in.
import { choiceOf, dye } from '../cells/select.ts';
import { kinds, paint, show, toText } from '../cells/index.ts';
import type { Core } from '../core.ts';
import { type Rect, contains } from '../selection.ts';
import type { CellValue, Column, Row } from '../types.ts';
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

/** What a cell element already says, so that painting it again touches the DOM only where something changed. */
interface CellElement {
  element: HTMLElement;
  left: number;
  width: number;
  name: string;
  row: number;
  selected: boolean | undefined;
  locked: boolean | undefined;
  value: unknown;
  column: Column | undefined;
}

interface RowElement {
  element: HTMLElement;
  number: HTMLElement;
  label: HTMLElement;
  cells: Map<number, CellElement>;
  chosen: boolean | undefined;
  index: number;
  stamp: number;
  cols: string;
}

const counts = new Intl.NumberFormat();

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
      if (index >= sight.first && index < sight.last && !this.#core.pages.group(index)) continue;
      this.#live.delete(index);
      this.#free.push(row);
    }
    const cols = `${sight.firstCol}-${sight.lastCol}-${sight.frozen}-${sight.base}`;
    for (let index = sight.first; index < sight.last; index += 1) {
      if (this.#core.pages.group(index)) continue;
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
    const row: RowElement = { element, number, label, cells: new Map(), chosen: undefined, index: -1, stamp: -1, cols: '' };
    this.#at.set(number, { row, col: -1 });
    return row;
  }

  #paint(row: RowElement, sight: Sight, cols: string): void {
    const core = this.#core;
    const { element } = row;
    if (!element.isConnected) this.#body.append(element);
    element.style.top = `${(row.index - sight.base) * core.rowHeight}px`;
    element.style.height = `${core.rowHeight}px`;
    element.setAttribute('aria-rowindex', String(row.index + 2));
    const data = core.pages.row(row.index);
    row.label.textContent = core.groups.length > 0 && data?.place === undefined ? '' : counts.format((data?.place ?? row.index) + 1);
    const tint = data && core.colour && choiceOf(core.colour, core.value(data, core.colour))?.colour;
    if (tint === undefined) delete element.dataset.tint;
    else element.dataset.tint = dye(tint);
    const area = core.rect;
    const chosen = core.selection.rows && row.index >= area.top && row.index <= area.bottom;
    const name = `g-r${data !== undefined && data.id === core.opened ? ' cur' : ''}${chosen ? ' rowsel' : ''}`;
    if (element.className !== name) element.className = name;
    if (row.chosen !== chosen) element.setAttribute('aria-selected', String((row.chosen = chosen)));
    if (row.cols !== cols) {
      for (const [col, cell] of row.cells) {
        if (col < sight.frozen || (col >= sight.firstCol && col < sight.lastCol)) continue;
        cell.element.remove();
        row.cells.delete(col);
      }
    }
    for (let col = 0; col < sight.frozen; col += 1) this.#paintCell(row, col, sight, data, area);
    for (let col = sight.firstCol; col < sight.lastCol; col += 1) this.#paintCell(row, col, sight, data, area);
    row.stamp = sight.stamp;
    row.cols = cols;
  }

  #makeCell(row: RowElement, col: number): CellElement {
    const element = document.createElement('div');
    element.setAttribute('role', 'gridcell');
    element.setAttribute('aria-colindex', String(col + 2));
    this.#at.set(element, { row, col });
    row.element.append(element);
    const cell: CellElement = { element, left: NaN, width: NaN, name: '', row: -1, selected: undefined, locked: undefined, value: undefined, column: undefined };
    row.cells.set(col, cell);
    return cell;
  }

  #paintCell(row: RowElement, col: number, sight: Sight, data: Row | undefined, area: Rect): void {
    const core = this.#core;
    const column = core.columns[col];
    if (!column) return;
    const cell = row.cells.get(col) ?? this.#makeCell(row, col);
    const { element } = cell;
    if (cell.row !== row.index) element.id = this.cellId((cell.row = row.index), col);
    const left = sight.xs[col] ?? 0;
    if (cell.left !== left) element.style.left = `${(cell.left = left)}px`;
    if (cell.width !== column.width) element.style.width = `${(cell.width = column.width)}px`;
    const { focus } = core.selection;
    const isFocus = focus.row === row.index && focus.col === col;
    const selected = contains(area, row.index, col) && (isFocus || area.top !== area.bottom || area.left !== area.right);
    const value = data ? core.value(data, column) : null;
    const marked = core.mark !== '' && data !== undefined && this.#hasMark(value, column);
    const name = className(column, col < sight.frozen, { selected, isFocus, wait: !data, marked });
    if (cell.name !== name) element.className = cell.name = name;
    if (cell.selected !== selected) element.setAttribute('aria-selected', String((cell.selected = selected)));
    const locked = !core.writable(column);
    if (cell.locked !== locked) element.setAttribute('aria-readonly', String((cell.locked = locked)));
    const shown = data ? value : undefined;
    if (cell.value === shown && cell.column === column) return;
    cell.value = shown;
    cell.column = column;
    if (data) paint(element, value, column);
    else {
      element.textContent = '';
      element.removeAttribute('title');
    }
  }

  #hasMark(value: CellValue, column: Column): boolean {
    const { mark } = this.#core;
    return toText(value, column).toLocaleLowerCase().includes(mark) || show(value, column).toLocaleLowerCase().includes(mark);
  }
}

function className(column: Column, frozen: boolean, is: { selected: boolean; isFocus: boolean; wait: boolean; marked: boolean }): string {
  let out = `g-c k-${column.kind}`;
  if (kinds[column.kind].end) out += ' end';
  if (frozen) out += ' fz p';
  if (column.computed) out += ' calc';
  if (is.selected) out += ' sel';
  if (is.isFocus) out += ' focus';
  if (is.wait) out += ' wait';
  if (is.marked) out += ' marked';
  return out;
}
