// The one editor over the grid. Bound to a record and a field, not to a position: it survives scrolling, sorting and remote changes.
// Composition (IME) owns the keys until it ends.
import { edited, fromText, kinds } from '../cells/index.ts';
import { press } from '../cells/button.ts';
import { fromLocal, toLocal } from '../cells/datetime.ts';
import { linksOf } from '../cells/link.ts';
import { parseTime } from '../cells/time.ts';
import type { Core } from '../core.ts';
import type { At, CellValue, Column, LinkRef } from '../types.ts';
import { createChooser } from './choices.ts';
import { type Option, createPicker } from './picker.ts';
import { drawIcon } from './icon.ts';
import type { View } from './view.ts';

export type Leave = 'stay' | 'down' | 'up' | 'right' | 'left';

interface Session {
  record: string;
  column: Column;
  where: At;
  element: HTMLElement;
  /** The value now; undefined if the text cannot be one, and why. */
  read(): { value: CellValue } | { why: string };
  /** A key that the editor itself uses. */
  key?(event: KeyboardEvent): boolean;
  stop?: AbortController;
  /** Says under the cell why the text was not taken. */
  touched: boolean;
}

export class Editor {
  #core: Core;
  #view: View;
  #session: Session | undefined;
  #leave: (how: Leave) => void;

  constructor(core: Core, view: View, leave: (how: Leave) => void) {
    this.#core = core;
    this.#view = view;
    this.#leave = leave;
    view.painted = () => this.#place();
    view.frame.over.addEventListener('keydown', (event) => this.#key(event));
    view.frame.over.addEventListener('focusout', (event) => {
      const inside = event.relatedTarget instanceof Node && view.frame.over.contains(event.relatedTarget);
      if (this.#session && !inside && document.hasFocus()) this.commit('stay', false);
    });
  }

  get open(): boolean {
    return this.#session !== undefined;
  }

  /** Opens at the focused cell. With `fresh` the old text is replaced: the key that asked for it goes into the empty input. */
  start(fresh: boolean): void {
    if (this.#session) return;
    const where = this.#core.selection.focus;
    const column = this.#core.column(where);
    const row = this.#core.row(where);
    if (!row || !column) return;
    const writable: boolean = this.#core.writable(column);
    if (column.kind === 'button' && !fresh) {
      if (!press(this.#core.value(row, column))) this.#core.host.notice({ kind: 'info', text: `${column.name} has no web address to open.` });
      return;
    }
    if (!writable) {
      if (column.readOnly) this.#core.host.notice({ kind: 'info', text: column.computed ? `${column.name} is calculated and cannot be typed into.` : `You may read ${column.name}, but not change it.` });
      return;
    }
    const editor = kinds[column.kind].editor;
    if (editor === 'none') return;
    if (editor === 'files') {
      if (!fresh) this.#core.host.files(row.id, column.id);
      return;
    }
    if (editor === 'toggle') {
      if (!fresh) this.#core.toggle(where);
      return;
    }
    this.#view.reveal(where);
    const value = this.#core.value(row, column);
    // Who begins by typing writes the day as text, in any of the forms that a paste may have; the browser's own field would take
    // the digits in its locale's order. Enter, F2 and a double click open that field, with its calendar.
    const make = { input: this.#text, area: this.#text, rate: this.#text, date: fresh ? this.#text : this.#day, time: fresh ? this.#text : this.#clock, datetime: fresh ? this.#text : this.#moment, choice: this.#choose, choices: this.#choose, people: this.#choose, link: this.#links }[editor];
    const made = make.call(this, column, value, fresh);
    this.#session = { touched: fresh, ...made, record: row.id, column, where };
    this.#view.frame.over.replaceChildren(made.element);
    this.#place();
    const target = made.element.matches('input,textarea') ? made.element : made.element.querySelector<HTMLElement>('input,textarea');
    target?.focus({ preventScroll: true });
    if (!fresh && target instanceof HTMLInputElement && target.type === 'text') target.setSelectionRange(target.value.length, target.value.length);
    target?.addEventListener('input', () => {
      if (this.#session) this.#session.touched = true;
      this.#complain('');
    });
  }

  #text(column: Column, value: CellValue, fresh: boolean) {
    const area = kinds[column.kind].editor === 'area';
    const input = document.createElement(area ? 'textarea' : 'input');
    input.className = `g-edit${area ? ' area' : ''}${kinds[column.kind].end ? ' end' : ''}`;
    input.setAttribute('aria-label', column.name);
    input.autocomplete = 'off';
    input.spellcheck = area;
    const mode = kinds[column.kind].inputMode;
    if (mode) input.inputMode = mode;
    input.value = fresh ? '' : edited(value, column);
    const read = () => {
      const parsed = fromText(input.value, column);
      return parsed.ok ? { value: parsed.value } : { why: parsed.why };
    };
    return { element: input as HTMLElement, read };
  }

  #day(column: Column, value: CellValue) {
    const input = document.createElement('input');
    input.type = 'date';
    input.max = '9999-12-31';
    input.className = 'g-edit';
    input.setAttribute('aria-label', column.name);
    if (typeof value === 'string') input.value = value;
    return { element: input as HTMLElement, read: () => (input.validity.badInput ? { why: 'That is not a date' } : { value: input.value || null }) };
  }

  #clock(column: Column, value: CellValue) {
    const input = document.createElement('input');
    input.type = 'time';
    input.step = '1';
    input.className = 'g-edit wide';
    input.setAttribute('aria-label', column.name);
    if (typeof value === 'string') input.value = value;
    return { element: input as HTMLElement, read: () => (input.validity.badInput ? { why: 'That is not a time of the day' } : { value: (parseTime(input.value) ?? null) as CellValue }) };
  }

  #moment(column: Column, value: CellValue) {
    const input = document.createElement('input');
    input.type = 'datetime-local';
    input.max = '9999-12-31T23:59';
    input.className = 'g-edit wide';
    input.setAttribute('aria-label', column.name);
    const before = typeof value === 'string' ? toLocal(value, column.zone) : '';
    input.value = before;
    const read = () => {
      if (input.validity.badInput) return { why: 'That is not a date with a time' };
      if (input.value === before) return { value };
      return { value: input.value ? (fromLocal(input.value, column.zone) ?? null) : null };
    };
    return { element: input as HTMLElement, read };
  }

  #choose(column: Column, value: CellValue) {
    const many = column.kind === 'multi_select' || (column.kind === 'user' && column.many === true);
    return createChooser(column, value, many, () => this.#mark(), () => this.commit('stay'));
  }

  #links(column: Column, value: CellValue) {
    let chosen = [...linksOf(value)];
    const stop = new AbortController();
    let asked = 0;
    let found: LinkRef[] = [];
    /** Typed text is not answered yet; Enter then takes the first answer, not what stood there before. */
    let waiting = false;
    let takeFirst = false;
    const picker = createPicker(column.name, 'Find a record', (option) => toggle(option));
    const chips = document.createElement('div');
    chips.className = 'g-chips';
    picker.element.prepend(chips);
    const toggle = (option: Option) => {
      const added = { id: option.id, name: option.label };
      chosen = chosen.some((l) => l.id === option.id) ? chosen.filter((l) => l.id !== option.id) : column.many === false ? [added] : [...chosen, added];
      this.#mark();
      picker.input.value = '';
      paint();
      void find();
    };
    const paint = () => {
      chips.replaceChildren(...chosen.map((ref) => {
        const chip = document.createElement('span');
        chip.className = 'link';
        const remove = document.createElement('button');
        remove.type = 'button';
        remove.setAttribute('aria-label', `Unlink ${ref.name}`);
        remove.append(drawIcon('x'));
        remove.addEventListener('click', () => toggle({ id: ref.id, label: ref.name }));
        chip.append(ref.name || 'Unnamed', remove);
        return chip;
      }));
      chips.hidden = chosen.length === 0;
    };
    const show = (refs: LinkRef[], note: string) => picker.show(refs.map((ref) => ({ id: ref.id, label: ref.name || 'Unnamed', on: chosen.some((l) => l.id === ref.id) })), note);
    const find = async () => {
      const mine = (asked += 1);
      try {
        const answer = await this.#core.host.links(column, picker.input.value.trim(), stop.signal);
        if (mine !== asked) return;
        found = answer;
        waiting = false;
        show(found, 'No record has this name');
        if (takeFirst) take();
      } catch (error) {
        if (mine === asked && !stop.signal.aborted) picker.show([], error instanceof Error ? error.message : String(error));
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    picker.input.addEventListener('input', () => {
      waiting = true;
      takeFirst = false;
      const wanted = picker.input.value.trim().toLocaleLowerCase();
      show(found.filter((ref) => ref.name.toLocaleLowerCase().includes(wanted)), 'Looking…');
      clearTimeout(timer);
      timer = setTimeout(() => void find(), 120);
    });
    picker.show([], 'Looking…');
    paint();
    void find();
    const take = () => {
      takeFirst = waiting;
      const active = picker.active();
      if (active && !waiting) toggle(active);
    };
    return {
      element: picker.element, stop, read: () => ({ value: chosen.length > 0 ? chosen : null }),
      key: (event: KeyboardEvent) => {
        if (event.key === 'Enter' && (picker.active() || waiting) && !event.ctrlKey && !event.metaKey) {
          take();
          return true;
        }
        if (event.key === 'Backspace' && picker.input.value === '' && chosen.length > 0) {
          const last = chosen.at(-1);
          if (last) toggle({ id: last.id, label: last.name });
          return true;
        }
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return false;
        picker.move(event.key === 'ArrowDown' ? 1 : -1);
        return true;
      },
    };
  }

  #mark(): void {
    if (this.#session) this.#session.touched = true;
  }

  #key(event: KeyboardEvent): void {
    const session = this.#session;
    event.stopPropagation();
    if (!session || event.isComposing || event.keyCode === 229) return;
    if (session.key?.(event)) {
      event.preventDefault();
      return;
    }
    const area = session.element.matches('textarea');
    if (event.key === 'Escape') {
      event.preventDefault();
      this.cancel();
    } else if (event.key === 'Enter' && !(area && event.shiftKey)) {
      event.preventDefault();
      this.commit(event.shiftKey ? 'up' : 'down');
    } else if (event.key === 'Tab') {
      event.preventDefault();
      this.commit(event.shiftKey ? 'left' : 'right');
    }
  }

  cancel(): void {
    this.#close();
    this.#view.focus();
  }

  /** Takes the value and closes; a text that is no value keeps the editor open and says why. */
  commit(how: Leave, refocus = true): void {
    const session = this.#session;
    if (!session) return;
    const result = session.touched ? session.read() : undefined;
    if (result && 'why' in result) {
      if (refocus) {
        this.#complain(result.why);
        return;
      }
      this.#core.host.notice({ kind: 'error', text: `${result.why}. ${session.column.name} stayed as it was.` });
    }
    this.#close();
    if (result && 'value' in result) this.#core.set(session, result.value);
    if (refocus) {
      this.#view.focus();
      this.#leave(how);
    }
  }

  #close(): void {
    this.#session?.stop?.abort();
    this.#session = undefined;
    this.#view.frame.over.replaceChildren();
  }

  #complain(why: string): void {
    const { over } = this.#view.frame;
    over.querySelector('.g-why')?.remove();
    this.#session?.element.classList.toggle('bad', why !== '');
    if (why === '') return;
    const note = document.createElement('div');
    note.className = 'g-why';
    note.setAttribute('role', 'alert');
    note.textContent = why;
    over.append(note);
    this.#place();
  }

  /** Keeps the editor over its cell, wherever the record is now. */
  #place(): void {
    const session = this.#session;
    if (!session) return;
    const found = this.#core.pages.find(session.record);
    const col = this.#core.columns.findIndex((c) => c.id === session.column.id);
    if (col < 0) return this.#close();
    if (found) session.where = { row: found.index, col };
    const box = this.#view.box(session.where);
    const { element } = session;
    const floats = element.classList.contains('g-picker');
    const area = element.classList.contains('area');
    const width = floats ? Math.max(260, box.width) : area ? Math.max(320, box.width) : element.classList.contains('wide') ? Math.max(210, box.width) : box.width;
    element.style.width = `${Math.min(width, this.#view.width - 8)}px`;
    const left = Math.max(0, Math.min(box.left, this.#view.width - width));
    let top = box.top;
    if (floats || area) {
      const high = element.offsetHeight;
      if (top + high > this.#view.height) top = Math.max(0, floats ? Math.min(box.top + box.height, this.#view.height) - high : this.#view.height - high);
    } else element.style.height = `${box.height}px`;
    element.style.transform = `translate(${left}px, ${top}px)`;
    const note = this.#view.frame.over.querySelector<HTMLElement>('.g-why');
    if (note) note.style.transform = `translate(${left}px, ${top + element.offsetHeight + 4}px)`;
  }
}

