// The grid engine: createGrid(host, options). Framework-free; nothing else of this folder is imported from outside, except kinds and types.
import { writeHtml, parseTsv, pasteSize, writeTsv } from './clipboard.ts';
import { kinds, toText } from './cells/index.ts';
import { nextRating } from './cells/rating.ts';
import { Core } from './core.ts';
import type { CellChange } from './history.ts';
import { type Command, commandOf } from './keys.ts';
import { at, single } from './selection.ts';
import { type Column, type FooterCell, type GridOptions, isGroup, type Row, type Status } from './types.ts';
import { Editor } from './view/editor.ts';
import { Pointer } from './view/pointer.ts';
import { View } from './view/view.ts';

export type * from './types.ts';
export { fromText, kinds, paint, show, toText } from './cells/index.ts';
export { kindIcon } from './kind_icons.ts';

export interface Grid {
  setColumns(columns: Column[]): void;
  setRowHeight(px: number): void;
  /** What the records are grouped by, outermost first. */
  setGroups(columns: Column[]): void;
  foldAll(folded: boolean): void;
  /** A select whose choice gives a record its colour. */
  setColour(column: Column | undefined): void;
  setFooter(cells: Map<string, FooterCell>): void;
  /** Marks cells that contain this text. */
  setMark(text: string): void;
  /** The record whose panel is open; its row is tinted. */
  setOpened(record: string | undefined): void;
  /** Another view or filter: forgets the rows and starts at the top. */
  reset(): void;
  /** What is shown may have changed: reads again, keeps place and selection by record. */
  invalidate(): void;
  /** Adds a record and goes to it; its id, unless it was refused. */
  addRow(cells?: Row['cells']): Promise<string | undefined>;
  delete(records: string[]): Promise<void>;
  /** Writes one cell of any record (the record panel's way in): shown, undone and sent like a cell's edit. */
  write(change: CellChange): void;
  undo(): Promise<void>;
  redo(): Promise<void>;
  clear(): Promise<void>;
  copy(): Promise<void>;
  fillDown(): Promise<void>;
  edit(): void;
  focus(): void;
  /** The next record up (-1) or down (1) from a line, once it is loaded, and its line. */
  beside(index: number, by: 1 | -1): Promise<{ row: Row; index: number } | undefined>;
  /** Row of a record, if it is at hand. */
  find(record: string): number | undefined;
  /** Its place among the records. */
  placeOf(record: string): number | undefined;
  /** Focuses the row of a record that is at hand; its index. */
  reach(record: string): number | undefined;
  goTo(row: number): void;
  readonly state: { status: Status; total: number; lines: number; version: number; canUndo: boolean; canRedo: boolean; selectedRows: number; focusRow: number; focusField: string | undefined; failure: string | undefined };
  destroy(): void;
}

export function createGrid(host: HTMLElement, options: GridOptions): Grid {
  const core = new Core(options);
  const view = new View(host, core);
  const editor = new Editor(core, view, (how) => {
    if (how === 'stay') return;
    core.move(how, false, 1);
    view.reveal(core.selection.focus);
  });
  const pointer = new Pointer(core, view, editor);
  const clipboard = clipboardOf(core);
  listen(core, view, editor, pointer, clipboard);

  return {
    setColumns: (columns) => core.setColumns(columns),
    setGroups: (groups) => {
      core.groups = groups;
      view.refresh();
    },
    foldAll: (folded) => core.foldAll(folded),
    setColour: (column) => {
      core.colour = column;
      view.refresh();
    },
    setRowHeight: (px) => {
      const row = Math.floor(view.top / core.rowHeight);
      core.rowHeight = px;
      view.refresh();
      view.scrollTo(row * px, view.left);
    },
    setFooter: (cells) => {
      view.header.footer = cells;
      view.refresh();
    },
    setMark: (text) => {
      core.mark = text.trim().toLocaleLowerCase();
      view.refresh();
    },
    setOpened: (record) => {
      core.opened = record;
      view.refresh();
    },
    reset: () => {
      core.pages.reset();
      core.failure = undefined;
      core.select(single(at(0, 0)));
      view.scrollTo(0, view.left);
    },
    invalidate: () => core.reload(),
    addRow: async (cells = {}) => {
      const id = await core.add(cells, 0);
      view.reveal(core.selection.focus);
      view.focus();
      return id;
    },
    delete: (records) => core.delete(records),
    write: (change) => core.write([change]),
    undo: () => core.undo(),
    redo: () => core.redo(),
    clear: () => core.clear(),
    copy: () => clipboard.copyAsync(),
    fillDown: () => core.fillDown(),
    edit: () => editor.start(false),
    focus: () => view.focus(),
    beside: async (from, by) => {
      for (let index = from + by; index >= 0 && index < core.pages.total; index += by) {
        await core.pages.load(index, index + 1);
        const row = core.pages.row(index);
        if (row) return { row, index };
      }
      return undefined;
    },
    find: (record) => core.pages.find(record)?.index,
    placeOf: (record) => {
      const found = core.pages.find(record);
      return found?.row.place ?? found?.index;
    },
    reach: (record) => {
      const row = core.reach(record);
      if (row !== undefined) view.reveal(core.selection.focus);
      return row;
    },
    goTo: (row) => {
      core.select(single(at(row, core.selection.focus.col)));
      view.reveal(core.selection.focus);
    },
    get state() {
      const area = core.rect;
      return {
        status: core.status, total: core.pages.records, lines: core.pages.total, version: core.pages.version,
        canUndo: core.history.undo.length > 0, canRedo: core.history.redo.length > 0,
        selectedRows: core.pages.total === 0 ? 0 : area.bottom - area.top + 1, focusRow: core.selection.focus.row, focusField: core.column()?.id,
        failure: core.failure?.message,
      };
    },
    destroy: () => {
      core.pages.reset();
      view.destroy();
    },
  };
}

/** Space ticks and rates, a digit rates: without an editor. False if the cell is of another kind. */
function quick(core: Core, key: string): boolean {
  const column = core.column();
  const row = core.row();
  if (!row || !core.writable(column)) return false;
  const { editor } = kinds[column.kind];
  if (editor === 'toggle' && key === ' ') core.toggle(core.selection.focus);
  else if (editor === 'rate' && key === ' ') core.set({ record: row.id, column }, nextRating(core.value(row, column), column));
  else if (editor === 'rate' && /^\d$/.test(key) && Number(key) <= (column.max ?? 5)) core.set({ record: row.id, column }, Number(key) || null);
  else return false;
  return true;
}

/** Keys on the heading of a group: left folds it, then goes to the one outside of it; right unfolds it, then goes on. With Ctrl all of them. */
function onHeading(core: Core, view: View, command: Command, ctrl: boolean): boolean {
  const { row, col } = core.selection.focus;
  const folded = core.pages.group(row)?.folded === true;
  if (command.name === 'edit' || command.name === 'open') core.fold(row);
  else if (command.name !== 'move' || command.extend) return false;
  else if (ctrl && (command.move === 'rowStart' || command.move === 'rowEnd')) core.foldAll(command.move === 'rowStart');
  else if (command.move !== 'left' && command.move !== 'right') return false;
  else if (folded === (command.move === 'right')) core.fold(row, !folded);
  else core.select(single(at(folded || command.move === 'left' ? core.outer(row) : row + 1, col)));
  view.reveal(core.selection.focus);
  return true;
}

interface Clipboard {
  /** The selection's text if all of it is loaded. */
  now(): { text: string; html: string } | undefined;
  copyAsync(): Promise<void>;
  paste(text: string): Promise<void>;
}

function clipboardOf(core: Core): Clipboard {
  const matrix = (rows: Row[]) => {
    const area = core.rect;
    const columns = core.columns.slice(area.left, area.right + 1);
    return rows.map((row) => columns.map((column) => toText(core.value(row, column), column)));
  };
  return {
    now() {
      const area = core.rect;
      const rows: Row[] = [];
      for (let index = area.top; index <= area.bottom; index += 1) {
        const line = core.pages.line(index);
        if (!line || rows.length > 2000) return undefined;
        if (!isGroup(line)) rows.push(line);
      }
      const cells = matrix(rows);
      return { text: writeTsv(cells), html: writeHtml(cells) };
    },
    async copyAsync() {
      const rows = await core.rows();
      if (!rows) return;
      try {
        await navigator.clipboard.writeText(writeTsv(matrix(rows)));
      } catch {
        core.host.notice({ kind: 'error', text: 'The browser refused to copy. Press Ctrl+C in the grid instead.' });
      }
    },
    async paste(text) {
      const block = parseTsv(text);
      const area = core.rect;
      let rows = 0;
      for (let line = area.top; line <= area.bottom; line += 1) rows += core.pages.group(line) ? 0 : 1;
      const size = pasteSize({ rows: block.length, cols: block[0]?.length ?? 1 }, { rows: Math.max(1, rows), cols: area.right - area.left + 1 });
      await core.paste(block, size);
    },
  };
}

function listen(core: Core, view: View, editor: Editor, pointer: Pointer, clipboard: Clipboard): void {
  const { scroll } = view.frame;
  scroll.addEventListener('keydown', (event) => {
    if (event.target !== scroll || event.isComposing) return;
    const command = commandOf({ key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey, alt: event.altKey });
    if (!command) return;
    if (command.name === 'type') {
      if (quick(core, event.key)) {
        event.preventDefault();
        return;
      }
      editor.start(true);
      if (!editor.open) event.preventDefault();
      return;
    }
    const { focus } = core.selection;
    if (command.name === 'tab') {
      const end = command.back ? focus.col === 0 : focus.col === core.columns.length - 1;
      if (end) return;
    }
    if (command.name === 'escape' && !core.selection.rows && core.rect.top === core.rect.bottom && core.rect.left === core.rect.right) return;
    event.preventDefault();
    if (core.pages.group(focus.row) && onHeading(core, view, command, event.ctrlKey || event.metaKey)) return;
    switch (command.name) {
      case 'move':
        core.move(command.move, command.extend, view.pageRows);
        view.reveal(core.selection.focus);
        if (command.move === 'rowStart' || command.move === 'first') view.scrollTo(view.top, 0);
        break;
      case 'tab':
        core.move(command.back ? 'left' : 'right', false, 1);
        view.reveal(core.selection.focus);
        break;
      case 'edit': editor.start(false); break;
      case 'clear': void core.clear(); break;
      case 'selectAll': core.selectAll(); break;
      case 'undo': void core.undo(); break;
      case 'redo': void core.redo(); break;
      case 'fillDown': void core.fillDown(); break;
      case 'open': {
        const row = core.row();
        if (!command.always && quick(core, ' ')) break;
        if (row) core.host.open(row.id, focus.row);
        break;
      }
      case 'addRow': void core.add(core.within(focus.row), focus.col).then(() => view.reveal(core.selection.focus)); break;
      case 'menu': {
        const box = view.box(focus);
        const origin = scroll.getBoundingClientRect();
        pointer.openMenu(origin.left + box.left + 8, origin.top + box.top + box.height);
        break;
      }
      case 'escape': core.select(single(focus)); break;
    }
  });
  scroll.addEventListener('copy', (event) => copy(event));
  scroll.addEventListener('cut', (event) => {
    copy(event);
    void core.clear();
  });
  scroll.addEventListener('paste', (event) => {
    const given = [...(event.clipboardData?.files ?? [])];
    const cell = core.selection.focus;
    if (given.length > 0 && give(core, cell.row, cell.col, given)) return event.preventDefault();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!core.options.canWrite || text === '') return;
    event.preventDefault();
    void clipboard.paste(text);
  });
  const under = (event: DragEvent) => (event.dataTransfer?.types.includes('Files') ? view.rows.at(event.target as Element | null) : undefined);
  scroll.addEventListener('dragover', (event) => {
    const cell = under(event);
    if (!cell || core.columns[cell.col]?.kind !== 'attachment') return;
    event.preventDefault();
    core.select(single(at(cell.row, cell.col)));
  });
  scroll.addEventListener('drop', (event) => {
    const cell = under(event);
    if (!cell) return;
    event.preventDefault();
    give(core, cell.row, cell.col, [...(event.dataTransfer?.files ?? [])]);
  });
  const copy = (event: ClipboardEvent) => {
    event.preventDefault();
    const ready = clipboard.now();
    if (ready) {
      event.clipboardData?.setData('text/plain', ready.text);
      event.clipboardData?.setData('text/html', ready.html);
    } else void clipboard.copyAsync();
  };
}

/** Hands files to the host if the cell takes some. */
function give(core: Core, index: number, col: number, given: File[]): boolean {
  const column = core.columns[col];
  const row = core.pages.row(index);
  if (!row || column?.kind !== 'attachment' || given.length === 0 || !core.writable(column)) return false;
  core.host.files(row.id, column.id, given);
  return true;
}
