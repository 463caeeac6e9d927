// Mouse, pen and finger: select, drag a range, open an editor, resize and move columns, drag the fill handle.
// A finger scrolls; a tap selects, a second tap on the same cell edits (on a phone the first field opens the record).
import type { Core } from '../core.ts';
import { series } from '../fill.ts';
import { at, single } from '../selection.ts';
import type { Editor } from './editor.ts';
import type { View } from './view.ts';

const MIN_WIDTH = 56;
const MAX_WIDTH = 900;

export class Pointer {
  #core: Core;
  #view: View;
  #editor: Editor;

  constructor(core: Core, view: View, editor: Editor) {
    this.#core = core;
    this.#view = view;
    this.#editor = editor;
    const { scroll, head, foot } = view.frame;
    scroll.addEventListener('pointerdown', (event) => this.#down(event));
    scroll.addEventListener('dblclick', (event) => this.#double(event));
    scroll.addEventListener('click', (event) => this.#click(event));
    scroll.addEventListener('contextmenu', (event) => this.#context(event));
    head.addEventListener('pointerdown', (event) => this.#headDown(event));
    foot.addEventListener('click', (event) => {
      const button = (event.target as Element).closest<HTMLElement>('[data-foot]');
      if (button?.dataset.foot) core.host.menu({ at: 'footer', field: button.dataset.foot, box: button.getBoundingClientRect() });
    });
  }

  #down(event: PointerEvent): void {
    const target = event.target as Element;
    if (event.button !== 0 || target.closest('.g-head')) return;
    if (target.closest('.g-handle')) return this.#fill(event);
    const heading = this.#view.groups.at(target);
    if (heading !== undefined && event.pointerType !== 'touch') {
      event.preventDefault();
      if (this.#editor.open) this.#editor.commit('stay');
      this.#view.focus();
      this.#core.select(single(at(heading, this.#core.selection.focus.col)));
      return;
    }
    const cell = this.#view.rows.at(target);
    if (!cell || target.closest('.g-open')) return;
    if (event.pointerType === 'touch') return;
    if (!target.closest('a')) event.preventDefault();
    if (this.#editor.open) this.#editor.commit('stay');
    this.#view.focus();
    if (cell.col < 0) return this.#selectRows(event, cell.row);
    const anchor = event.shiftKey ? this.#core.selection.anchor : at(cell.row, cell.col);
    this.#core.select({ anchor, focus: at(cell.row, cell.col), rows: false });
    this.#drag(event, (where) => this.#core.select({ anchor, focus: where, rows: false }));
  }

  #selectRows(event: PointerEvent, row: number): void {
    const anchor = event.shiftKey ? at(this.#core.selection.anchor.row, 0) : at(row, 0);
    this.#core.select({ anchor, focus: at(row, 0), rows: true });
    this.#drag(event, (where) => this.#core.select({ anchor, focus: at(where.row, 0), rows: true }));
  }

  /** Follows the pointer until it is let go, scrolling when it leaves the rows. */
  #drag(start: PointerEvent, over: (where: { row: number; col: number }) => void, end?: (moved: boolean) => void): void {
    let last = start;
    let moved = false;
    let key = '';
    const apply = () => {
      const where = this.#view.cellAt(last.clientX, last.clientY);
      const next = `${where.row}-${where.col}`;
      if (next === key) return;
      key = next;
      over(where);
    };
    const timer = setInterval(() => {
      const box = this.#view.frame.scroll.getBoundingClientRect();
      const dy = last.clientY > box.bottom - 12 ? 24 : last.clientY < box.top + 40 ? -24 : 0;
      const dx = last.clientX > box.right - 12 ? 24 : last.clientX < box.left + this.#view.numberWidth + 12 ? -24 : 0;
      if (!moved || (dx === 0 && dy === 0)) return;
      this.#view.scrollTo(this.#view.top + dy, this.#view.left + dx);
      apply();
    }, 30);
    const move = (event: PointerEvent) => {
      if (!moved && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 4) return;
      moved = true;
      last = event;
      apply();
    };
    this.#until(move, () => {
      clearInterval(timer);
      end?.(moved);
    });
  }

  #until(move: (event: PointerEvent) => void, end: (event: PointerEvent) => void): void {
    const stop = (event: PointerEvent) => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', stop);
      removeEventListener('pointercancel', stop);
      end(event);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', stop);
    addEventListener('pointercancel', stop);
  }

  #fill(event: PointerEvent): void {
    event.preventDefault();
    const start = this.#core.rect;
    let last = start.bottom;
    const { selection } = this.#core;
    this.#drag(event, (where) => {
      last = Math.max(start.bottom, where.row);
      this.#core.select({ anchor: at(start.top, start.left), focus: at(last, start.right), rows: selection.rows });
    }, (moved) => {
      if (!moved || last === start.bottom) return;
      this.#core.select(selection);
      void this.#core.fillTo(last, (column, source, count) => series(column.kind, source, count));
    });
  }

  #click(event: MouseEvent): void {
    const target = event.target as Element;
    const cell = this.#view.rows.at(target);
    if (target.closest('.g-addrow')) {
      void this.#core.add({}, 0).then(() => {
        this.#view.reveal(this.#core.selection.focus);
        this.#view.focus();
      });
      return;
    }
    const heading = this.#view.groups.at(target);
    if (heading !== undefined) return this.#heading(target, heading);
    if (!cell) return;
    const row = this.#core.pages.row(cell.row);
    if (target.closest('.g-open')) {
      if (row) this.#core.host.open(row.id, cell.row);
      return;
    }
    const touch = (event as PointerEvent).pointerType === 'touch';
    if (touch) this.#tap(cell, row?.id);
    if (target.closest('.check') && cell.col >= 0) this.#core.toggle(cell);
    const star = Number(target.closest<SVGElement>('[data-star]')?.dataset.star ?? 0);
    if (star > 0 && !touch) this.#core.rate(cell, star);
  }

  #heading(target: Element, line: number): void {
    if (!target.closest('.g-plus')) {
      if (target.closest('.g-gh')) this.#core.fold(line);
      return;
    }
    void this.#core.add(this.#core.within(line), 0).then(() => {
      this.#view.reveal(this.#core.selection.focus);
      this.#view.focus();
    });
  }

  #tap(cell: { row: number; col: number }, record: string | undefined): void {
    const { focus, rows } = this.#core.selection;
    const again = !rows && focus.row === cell.row && focus.col === cell.col;
    if (cell.col < 0) this.#core.select({ anchor: at(cell.row, 0), focus: at(cell.row, 0), rows: true });
    else this.#core.select(single(at(cell.row, cell.col)));
    if (this.#editor.open) this.#editor.commit('stay');
    if (cell.col === 0 && this.#view.narrow && record !== undefined) this.#core.host.open(record, cell.row);
    else if (again && cell.col >= 0) this.#editor.start(false);
  }

  #double(event: MouseEvent): void {
    const target = event.target as Element;
    const cell = this.#view.rows.at(target);
    if (cell && cell.col >= 0 && !target.closest('a,.check,[data-star]')) this.#editor.start(false);
  }

  #context(event: MouseEvent): void {
    const target = event.target as Element;
    const cell = this.#view.rows.at(target);
    const head = this.#view.header.at(target);
    if (!cell && head === undefined) return;
    event.preventDefault();
    if (!cell) {
      const column = head === undefined ? undefined : this.#core.columns[head];
      const box = target.closest('.g-c')?.getBoundingClientRect();
      if (column && box) this.#core.host.menu({ at: 'header', field: column.id, box });
      return;
    }
    const area = this.#core.rect;
    const inside = cell.row >= area.top && cell.row <= area.bottom && (cell.col < 0 ? this.#core.selection.rows : cell.col >= area.left && cell.col <= area.right);
    if (!inside) this.#core.select(cell.col < 0 ? { anchor: at(cell.row, 0), focus: at(cell.row, 0), rows: true } : single(at(cell.row, cell.col)));
    this.openMenu(event.clientX, event.clientY);
  }

  /** The menu of the selection, at a point of the screen. */
  openMenu(x: number, y: number): void {
    const area = this.#core.rect;
    const records: string[] = [];
    for (let row = area.top; row <= area.bottom && records.length < 1000; row += 1) {
      const id = this.#core.pages.row(row)?.id;
      if (id !== undefined) records.push(id);
    }
    const field = this.#core.columns[this.#core.selection.focus.col]?.id;
    if (field !== undefined) this.#core.host.menu({ at: 'cell', x, y, records, field });
  }

  #headDown(event: PointerEvent): void {
    const target = event.target as Element;
    const col = this.#view.header.at(target);
    if (event.button !== 0 || col === undefined) return;
    event.preventDefault();
    const column = this.#core.columns[col];
    if (col === this.#core.columns.length) {
      this.#core.host.menu({ at: 'add-field', box: (target.closest('button') ?? target).getBoundingClientRect() });
    } else if (col < 0) this.#core.selectAll();
    else if (column && target.closest('.g-menu')) this.#core.host.menu({ at: 'header', field: column.id, box: (target.closest('.g-c') ?? target).getBoundingClientRect() });
    else if (target.closest('.g-grip')) this.#resize(event, col);
    else this.#chooseOrMove(event, col);
    this.#view.focus();
  }

  #resize(event: PointerEvent, col: number): void {
    const column = this.#core.columns[col];
    if (!column) return;
    const before = column.width;
    let width = before;
    this.#until((move) => {
      width = Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, before + move.clientX - event.clientX)));
      this.#core.setColumns(this.#core.columns.map((c) => (c.id === column.id ? { ...c, width } : c)));
    }, () => {
      if (width !== before) this.#core.host.resized(column.id, width);
    });
  }

  /** A click chooses the column, a drag sideways moves it. */
  #chooseOrMove(event: PointerEvent, col: number): void {
    const column = this.#core.columns[col];
    const bottom = Math.max(0, this.#core.size.rows - 1);
    const mark = document.createElement('i');
    mark.className = 'g-drop';
    let before: number | undefined;
    this.#until((move) => {
      if (col < this.#view.frozen || (before === undefined && Math.abs(move.clientX - event.clientX) < 8)) return;
      const box = this.#view.frame.scroll.getBoundingClientRect();
      const where = this.#view.cellAt(move.clientX, box.top + 40).col;
      const cell = this.#view.box(at(0, where));
      before = Math.max(this.#view.frozen, where + (move.clientX - box.left > cell.left + cell.width / 2 ? 1 : 0));
      mark.style.left = `${this.#view.box(at(0, before)).left - 1}px`;
      if (before === this.#core.columns.length) mark.style.left = `${cell.left + cell.width - 1}px`;
      if (!mark.isConnected) this.#view.frame.port.append(mark);
    }, () => {
      mark.remove();
      if (before === undefined || !column) {
        if (event.pointerType !== 'touch') this.#core.select({ anchor: at(0, event.shiftKey ? this.#core.selection.anchor.col : col), focus: at(bottom, col), rows: false });
      } else if (before !== col && before !== col + 1) this.#core.host.reordered(column.id, this.#core.columns[before]?.id ?? null);
    });
  }
}
