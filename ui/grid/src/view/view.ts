// Paints the core. Scrolling is answered in the scroll event itself, so nothing white ever shows; everything else once a frame.
import type { Core } from '../core.ts';
import { edges, type Extent, maxTop, moved, revealColumn, revealRow, SPACE_CAP, space, toDom, visibleColumns, visibleRows } from '../geometry.ts';
import type { At, Column } from '../types.ts';
import { Groups } from './groups.ts';
import { ADD_WIDTH, buildFrame, type Frame, HEAD_HEIGHT, NUMBER_WIDTH } from './frame.ts';
import { Header } from './header.ts';
import { drawIcon } from './icon.ts';
import { Rows, type Sight } from './rows.ts';

const OVERSCAN = 2;
const ADD_ROW = 32;
/** Under this width the number column gives its place to the first field. */
const NARROW = 560;
let count = 0;

export class View {
  readonly frame: Frame;
  readonly rows: Rows;
  readonly groups: Groups;
  readonly header: Header;
  /** Called after each paint: the editor follows its cell. */
  painted: () => void = () => undefined;
  top = 0;
  left = 0;
  width = 0;
  height = 0;
  #core: Core;
  #dom = 0;
  #base = 0;
  #paintedLeft = NaN;
  #ariaStamp = -1;
  #active = '';
  #edges: { columns: readonly Column[]; start: number; xs: readonly number[] } | undefined;
  #stamp = 0;
  #frameAsked = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #resize: ResizeObserver;
  #handle: HTMLElement;
  #addRow: HTMLElement;

  constructor(host: HTMLElement, core: Core) {
    this.#core = core;
    this.frame = buildFrame(host, core.options.label);
    this.rows = new Rows(this.frame.body, core, `g${(count += 1)}`);
    this.groups = new Groups(this.frame.body, core, `g${count}`);
    this.header = new Header(this.frame, core);
    this.#handle = document.createElement('i');
    this.#handle.className = 'g-handle';
    this.#addRow = this.#makeAddRow();
    this.frame.body.append(this.#handle, this.#addRow);
    this.frame.scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#resize = new ResizeObserver(() => this.#measure());
    this.#resize.observe(this.frame.scroll);
    core.onChange(() => this.refresh());
    this.#measure();
  }

  destroy(): void {
    this.#resize.disconnect();
    clearTimeout(this.#settle);
    cancelAnimationFrame(this.#frameAsked);
    this.frame.root.remove();
  }

  #makeAddRow(): HTMLElement {
    const row = document.createElement('div');
    row.className = 'g-addrow';
    row.setAttribute('role', 'row');
    const cell = document.createElement('div');
    cell.setAttribute('role', 'gridcell');
    const button = document.createElement('button');
    button.type = 'button';
    button.tabIndex = -1;
    button.append(drawIcon('plus'), `Add ${this.#core.options.noun.one}`);
    cell.append(button);
    row.append(cell);
    return row;
  }

  get narrow(): boolean {
    return this.width < NARROW;
  }

  get numberWidth(): number {
    return this.narrow ? 0 : NUMBER_WIDTH;
  }

  get frozen(): number {
    return Math.min(1, this.#core.columns.length);
  }

  get xs(): readonly number[] {
    const { columns } = this.#core;
    if (this.#edges?.columns !== columns || this.#edges.start !== this.numberWidth) {
      this.#edges = { columns, start: this.numberWidth, xs: edges(columns.map((c) => c.width), this.numberWidth) };
    }
    return this.#edges.xs;
  }

  get extent(): Extent {
    const extra = this.#core.options.canWrite && this.#core.pages.known ? ADD_ROW * 2 : 0;
    return { content: this.#core.pages.total * this.#core.rowHeight + extra, viewport: Math.max(0, this.height - HEAD_HEIGHT), cap: SPACE_CAP };
  }

  /** Rows that one press of Page Down passes. */
  get pageRows(): number {
    return Math.max(1, Math.floor(this.extent.viewport / this.#core.rowHeight) - 1);
  }

  #measure(): void {
    const { scroll } = this.frame;
    const [width, height] = [scroll.clientWidth, scroll.clientHeight];
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.frame.port.style.width = `${width}px`;
    this.frame.port.style.height = `${height}px`;
    this.refresh();
  }

  /** Paints everything again in the next frame. */
  refresh(): void {
    this.#stamp += 1;
    this.#frameAsked ||= requestAnimationFrame(() => {
      this.#frameAsked = 0;
      this.paint();
    });
  }

  #scrolled(): void {
    const { scroll } = this.frame;
    const dom = scroll.scrollTop;
    this.left = scroll.scrollLeft;
    if (dom !== this.#dom) {
      this.top = moved(this.extent, this.top, this.#dom, dom);
      this.#dom = dom;
      clearTimeout(this.#settle);
      this.#settle = setTimeout(() => this.#align(), 150);
    }
    this.paint();
  }

  /** After 1:1 scrolling in a scaled view the scroll bar is a little off; put right once scrolling has stopped. */
  #align(): void {
    const want = toDom(this.extent, this.top);
    if (Math.abs(want - this.frame.scroll.scrollTop) < 1) return;
    this.frame.scroll.scrollTop = want;
    this.#dom = this.frame.scroll.scrollTop;
  }

  scrollTo(top: number, left: number): void {
    const { scroll } = this.frame;
    this.top = Math.min(Math.max(0, top), maxTop(this.extent));
    this.#sizeSpace();
    scroll.scrollTop = toDom(this.extent, this.top);
    scroll.scrollLeft = left;
    this.#dom = scroll.scrollTop;
    this.left = scroll.scrollLeft;
    this.paint();
  }

  /** Scrolls as little as needed to show a cell whole. */
  reveal({ row, col }: At): void {
    const top = revealRow(this.top, this.extent.viewport, this.#core.rowHeight, row);
    const left = revealColumn(this.xs, this.frozen, col, this.left, this.width);
    if (top !== this.top || left !== this.left) this.scrollTo(top, left);
  }

  #sizeSpace(): void {
    const { space: spacer } = this.frame;
    const xs = this.xs;
    const right = (xs.at(-1) ?? 0) + (this.#core.options.canWrite ? ADD_WIDTH + 60 : 0);
    const height = `${Math.max(space(this.extent) + HEAD_HEIGHT, this.height)}px`;
    const width = `${Math.max(right, this.width)}px`;
    if (spacer.style.height !== height) spacer.style.height = height;
    if (spacer.style.width !== width) spacer.style.width = width;
  }

  get sight(): Sight {
    const { rowHeight, pages, columns } = this.#core;
    const xs = this.xs;
    const cols = visibleColumns(xs, this.frozen, this.left, this.width);
    const guess = pages.known ? pages.total : Math.ceil(this.extent.viewport / rowHeight);
    const seen = visibleRows(this.top, this.extent.viewport, rowHeight, guess);
    const first = Math.max(0, seen.first - OVERSCAN);
    if (Math.abs(first - this.#base) > 2000) this.#base = first;
    return {
      first, last: Math.min(guess, seen.last + OVERSCAN),
      firstCol: Math.max(this.frozen, cols.first), lastCol: Math.min(columns.length, cols.last),
      frozen: this.frozen, xs, base: this.#base, stamp: this.#stamp,
    };
  }

  paint(): void {
    if (this.height === 0) return;
    const { frame } = this;
    const top = Math.min(this.top, maxTop(this.extent));
    if (top !== this.top) this.top = top;
    this.#sizeSpace();
    const sight = this.sight;
    this.#core.pages.want(sight.first, sight.last);
    frame.root.classList.toggle('narrow', this.narrow);
    frame.root.classList.toggle('tall', this.#core.rowHeight > 40);
    if (this.left !== this.#paintedLeft) {
      this.#paintedLeft = this.left;
      frame.root.style.setProperty('--sl', `${this.left}px`);
      frame.head.style.transform = frame.foot.style.transform = `translateX(${-this.left}px)`;
    }
    frame.body.style.transform = `translate(${-this.left}px, ${sight.base * this.#core.rowHeight - this.top}px)`;
    this.header.render(sight);
    this.rows.render(sight);
    this.groups.render(sight);
    this.#paintHandle(sight);
    this.#paintAddRow(sight);
    this.#paintAria(sight);
    this.painted();
  }

  #paintHandle(sight: Sight): void {
    const area = this.#core.rect;
    const seen = area.bottom >= sight.first && area.bottom < sight.last && this.#core.size.rows > 0;
    const frozen = area.right < sight.frozen;
    this.#handle.hidden = !seen || this.#core.pages.group(area.bottom) !== undefined || !this.#core.options.canWrite;
    this.#handle.classList.toggle('fz', frozen);
    this.#handle.style.left = `${(sight.xs[area.right + 1] ?? 0) - 5}px`;
    this.#handle.style.top = `${(area.bottom + 1 - sight.base) * this.#core.rowHeight - 5}px`;
  }

  #paintAddRow(sight: Sight): void {
    const { pages, rowHeight, options } = this.#core;
    const shown = options.canWrite && pages.known && sight.last >= pages.total;
    this.#addRow.hidden = !shown;
    if (!shown) return;
    this.#addRow.style.transform = `translate(${this.left}px, ${(pages.total - sight.base) * rowHeight}px)`;
    this.#addRow.style.width = `${Math.min(this.width, (sight.xs.at(-1) ?? 0) - this.left)}px`;
  }

  #paintAria(sight: Sight): void {
    const { scroll } = this.frame;
    const { focus } = this.#core.selection;
    if (sight.stamp !== this.#ariaStamp) {
      this.#ariaStamp = sight.stamp;
      scroll.setAttribute('aria-rowcount', String(this.#core.pages.known ? this.#core.pages.total + 1 : -1));
      scroll.setAttribute('aria-colcount', String(this.#core.columns.length + 1));
      scroll.setAttribute('aria-busy', String(!this.#core.pages.known));
    }
    const inSight = focus.row >= sight.first && focus.row < sight.last && (focus.col < sight.frozen || (focus.col >= sight.firstCol && focus.col < sight.lastCol));
    const heading = this.#core.pages.group(focus.row) !== undefined && focus.row >= sight.first && focus.row < sight.last;
    const cell = inSight && this.#core.columns.length > 0 ? this.rows.cellId(focus.row, focus.col) : '';
    const active = heading ? this.groups.cellId(focus.row) : cell;
    if (active === this.#active) return;
    this.#active = active;
    if (active) scroll.setAttribute('aria-activedescendant', active);
    else scroll.removeAttribute('aria-activedescendant');
  }

  /** Box of a cell inside the port, px; also for cells out of sight. */
  box({ row, col }: At): { left: number; top: number; width: number; height: number } {
    const xs = this.xs;
    const left = (xs[col] ?? 0) - (col < this.frozen ? 0 : this.left);
    return { left, top: HEAD_HEIGHT + row * this.#core.rowHeight - this.top, width: this.#core.columns[col]?.width ?? 0, height: this.#core.rowHeight };
  }

  /** Cell under a point of the screen, clamped to the rows and columns. */
  cellAt(x: number, y: number): At {
    const origin = this.frame.scroll.getBoundingClientRect();
    const row = Math.floor((y - origin.top - HEAD_HEIGHT + this.top) / this.#core.rowHeight);
    const xs = this.xs;
    const inside = x - origin.left;
    const frozenEnd = xs[this.frozen] ?? 0;
    const at = inside < frozenEnd ? inside : inside + this.left;
    let col = 0;
    while (col < this.#core.columns.length - 1 && at >= (xs[col + 1] ?? 0)) col += 1;
    const last = Math.max(0, this.#core.pages.total - 1);
    return { row: Math.min(Math.max(0, row), last), col };
  }

  focus(): void {
    this.frame.scroll.focus({ preventScroll: true });
  }
}
