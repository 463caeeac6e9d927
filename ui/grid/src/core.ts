// The grid without its pixels: selection, writes, undo. The view draws it, the host talks to the server.
// Every write goes one way: shown at once, recorded for undo, sent in order, taken back if refused.
import { emptyValue, fromText, kinds } from './cells/index.ts';
import { type CellChange, type Group, type History, emptyHistory, plan, record, sameValue, takeRedo, takeUndo } from './history.ts';
import { Pages } from './pages.ts';
import { type Move, type Rect, type Selection, at, clampAt, fit, follow, moveBy, rect, selectAll, single } from './selection.ts';
import { type At, type CellValue, type CellWrite, type Column, type GridOptions, type Host, isGroup, type Row, type Status } from './types.ts';

/** Most rows that one action may write or copy. */
export const ROW_LIMIT = 10_000;

export class Core {
  columns: Column[];
  /** What the records are grouped by, outermost first. */
  groups: readonly Column[] = [];
  /** The choice in it gives a record its colour. */
  colour: Column | undefined;
  rowHeight: number;
  selection: Selection = single(at(0, 0));
  history: History = emptyHistory;
  /** Text that is marked in the cells. */
  mark = '';
  /** Record whose panel is open. */
  opened: string | undefined;
  failure: Error | undefined;
  readonly pages: Pages;
  readonly host: Host;
  readonly options: GridOptions;
  #ids: { anchor?: string; focus?: string } = {};
  #queue: Promise<unknown> = Promise.resolve();
  #listeners: (() => void)[] = [];

  constructor(options: GridOptions) {
    this.options = options;
    this.host = options.host;
    this.columns = options.columns;
    this.rowHeight = options.rowHeight;
    this.pages = new Pages({
      size: 200,
      capacity: 100,
      delay: 30,
      fetch: (offset, limit, signal) => this.host.window(offset, limit, signal),
      changed: () => this.#dataChanged(),
      failed: (error) => this.#fetchFailed(error),
    });
  }

  onChange(run: () => void): void {
    this.#listeners.push(run);
  }

  changed(): void {
    for (const run of this.#listeners) run();
    this.host.changed();
  }

  get size() {
    return { rows: this.pages.total, cols: this.columns.length };
  }

  get status(): Status {
    if (this.pages.known) return this.pages.total === 0 ? 'empty' : 'ready';
    return this.failure ? 'error' : 'loading';
  }

  get rect(): Rect {
    return rect(this.selection, this.size);
  }

  #dataChanged(): void {
    this.failure = undefined;
    if (this.pages.known) {
      const size = this.size;
      const { focus, anchor } = this.selection;
      const moved = (id: string | undefined, row: number) => id !== undefined && this.pages.line(row)?.id !== id;
      if (moved(this.#ids.focus, focus.row) || moved(this.#ids.anchor, anchor.row)) {
        this.selection = follow(this.selection, this.#ids, (id) => this.pages.where(id), size);
      }
      this.selection = fit(this.selection, size);
      this.#ids = { focus: this.pages.line(this.selection.focus.row)?.id, anchor: this.pages.line(this.selection.anchor.row)?.id };
    }
    this.changed();
  }

  #fetchFailed(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    if (this.pages.known) this.host.notice({ kind: 'error', text: this.failure.message, action: { label: 'Try again', run: () => this.reload() } });
    this.changed();
  }

  /** Asks again for what is shown. */
  reload(): void {
    this.failure = undefined;
    this.pages.invalidate();
  }

  setColumns(columns: Column[]): void {
    const focused = this.columns[this.selection.focus.col]?.id;
    this.columns = columns;
    const col = columns.findIndex((c) => c.id === focused);
    if (col >= 0 && col !== this.selection.focus.col) this.select(single(at(this.selection.focus.row, col)));
    this.selection = { ...this.selection, focus: clampCol(this.selection.focus, columns), anchor: clampCol(this.selection.anchor, columns) };
    this.changed();
  }

  select(selection: Selection): void {
    this.selection = this.pages.known ? fit(selection, this.size) : selection;
    this.#ids = { focus: this.pages.line(this.selection.focus.row)?.id, anchor: this.pages.line(this.selection.anchor.row)?.id };
    this.changed();
  }

  move(move: Move, extend: boolean, page: number): void {
    this.select(moveBy(this.selection, move, this.size, page, extend));
  }

  selectAll(): void {
    this.select(selectAll(this.size));
  }

  column(where: At = this.selection.focus): Column | undefined {
    return this.columns[where.col];
  }

  row(where: At = this.selection.focus): Row | undefined {
    return this.pages.row(where.row);
  }

  value(row: Row, column: Column): CellValue {
    return this.pages.value(row, column.id);
  }

  writable(column: Column | undefined): column is Column {
    return this.options.canWrite && column !== undefined && !column.readOnly;
  }

  /** Records of the selection, all loaded, headings between them left out; undefined (and a notice) when there are too many. */
  async rows(area: Rect = this.rect): Promise<Row[] | undefined> {
    const count = area.bottom - area.top + 1;
    if (count > ROW_LIMIT) {
      this.host.notice({ kind: 'info', text: `${count.toLocaleString()} ${this.options.noun.many} are selected; one step takes at most ${ROW_LIMIT.toLocaleString()}.` });
      return undefined;
    }
    await this.pages.load(area.top, area.bottom + 1);
    const rows: Row[] = [];
    for (let index = area.top; index <= area.bottom; index += 1) {
      const row = this.pages.row(index);
      if (row) rows.push(row);
    }
    return rows;
  }

  /** Writes one value. */
  set(where: { record: string; column: Column }, value: CellValue): void {
    const found = this.pages.find(where.record);
    const before = found ? this.value(found.row, where.column) : null;
    if (sameValue(before, value, where.column.kind === 'json')) return;
    this.write([{ record: where.record, field: where.column.id, before, after: value }]);
  }

  write(changes: CellChange[]): void {
    const exact = new Set(this.columns.filter((column) => column.kind === 'json').map((column) => column.id));
    const real = changes.map((c) => (exact.has(c.field) ? { ...c, exact: true } : c)).filter((c) => !sameValue(c.before, c.after, c.exact));
    if (real.length === 0) return;
    this.history = record(this.history, { kind: 'cells', changes: real, selection: this.selection });
    this.#send(real.map(({ record: id, field, after }) => ({ record: id, field, value: after })));
  }

  #send(writes: CellWrite[]): void {
    this.pages.begin(writes);
    this.#queue = this.#queue.then(async () => {
      try {
        this.pages.landed(writes, await this.host.write(writes));
      } catch (error) {
        this.pages.refused(writes);
        this.#problem(error, () => this.#send(writes));
      }
    });
  }

  #problem(error: unknown, again: () => void): void {
    const text = error instanceof Error ? error.message : String(error);
    this.host.notice({ kind: 'error', text, action: { label: 'Try again', run: again } });
  }

  async clear(): Promise<void> {
    const rows = await this.rows();
    const area = this.rect;
    const columns = this.columns.slice(area.left, area.right + 1).filter((c) => this.writable(c));
    if (!rows || columns.length === 0) return;
    this.write(rows.flatMap((row) => columns.map((c) => this.#change(row, c, emptyValue(c)))));
  }

  #change(row: Row, column: Column, after: CellValue): CellChange {
    return { record: row.id, field: column.id, before: this.value(row, column), after };
  }

  /** Writes texts into the rectangle that starts at the selection; rows past the end become records. */
  async paste(block: string[][], target: { rows: number; cols: number }): Promise<void> {
    const { top, left } = this.rect;
    const columns = this.columns.slice(left, left + target.cols);
    const inside = await this.#below(top, target.rows);
    const rows = inside && inside.last >= top ? await this.rows({ top, bottom: inside.last, left, right: left }) : [];
    if (!inside || !rows || target.rows > ROW_LIMIT) return;
    const problems: string[] = [];
    const value = (r: number, c: number, column: Column): CellValue | undefined => {
      const text = block[r % block.length]?.[c % (block[0]?.length ?? 1)] ?? '';
      const parsed = fromText(text, column);
      if (!parsed.ok) problems.push(parsed.why);
      return parsed.ok ? parsed.value : undefined;
    };
    const changes: CellChange[] = [];
    const created: Record<string, CellValue>[] = [];
    for (let r = 0; r < target.rows; r += 1) {
      const row = rows[r];
      const fields: Record<string, CellValue> = {};
      columns.forEach((column, c) => {
        if (!this.writable(column)) return;
        const after = value(r, c, column);
        if (after === undefined) return;
        if (row) changes.push(this.#change(row, column, after));
        else fields[column.id] = after;
      });
      if (!row) created.push(fields);
    }
    this.write(changes);
    if (created.length > 0) await this.create(created);
    const bottom = Math.min(Math.max(inside.last, top) + target.rows - rows.length, Math.max(this.pages.total, 1) - 1);
    this.select({ anchor: at(top, left), focus: at(bottom, Math.min(left + target.cols, this.columns.length) - 1), rows: false });
    if (problems.length > 0) {
      const more = problems.length > 1 ? ` ${problems.length - 1} more cells were left as they were.` : ' That cell was left as it was.';
      this.host.notice({ kind: 'error', text: `${problems[0]}.${more}` });
    }
  }

  /** The line of the last of `count` records from a line on, or of the last there is: headings take none. */
  async #below(top: number, count: number): Promise<{ last: number } | undefined> {
    if (count > ROW_LIMIT) {
      await this.rows({ top, bottom: top + count - 1, left: 0, right: 0 });
      return undefined;
    }
    let last = top - 1;
    for (let found = 0; found < count && last + 1 < this.pages.total;) {
      const ahead = Math.min(last + 1 + count - found, this.pages.total);
      await this.pages.load(last + 1, ahead);
      for (; last + 1 < ahead; last += 1) if (this.pages.row(last + 1)) found += 1;
    }
    return { last };
  }

  /** Copies the first row of the selection down (Ctrl+D). */
  async fillDown(): Promise<void> {
    const area = this.rect;
    const rows = await this.rows(area);
    const source = rows?.[0];
    if (!rows || !source || rows.length < 2) return;
    const columns = this.columns.slice(area.left, area.right + 1).filter((c) => this.writable(c));
    this.write(rows.slice(1).flatMap((row) => columns.map((c) => this.#change(row, c, this.value(source, c)))));
  }

  /** Drag of the handle: continues the selected rows down to `last`. */
  async fillTo(last: number, continued: (column: Column, source: CellValue[], count: number) => CellValue[]): Promise<void> {
    const area = this.rect;
    const have = (await this.rows(area))?.length;
    const rows = await this.rows({ ...area, bottom: last });
    if (!rows || !have) return;
    const source = rows.slice(0, have);
    const rest = rows.slice(have);
    const changes: CellChange[] = [];
    for (const column of this.columns.slice(area.left, area.right + 1)) {
      if (!this.writable(column)) continue;
      const values = continued(column, source.map((row) => this.value(row, column)), rest.length);
      rest.forEach((row, i) => changes.push(this.#change(row, column, values[i] ?? null)));
    }
    this.write(changes);
    this.select({ anchor: at(area.top, area.left), focus: at(last, area.right), rows: this.selection.rows });
  }

  /** New records at the end of the table; the ids, or nothing when it was refused. */
  async create(rows: Record<string, CellValue>[]): Promise<string[]> {
    try {
      const made = await this.host.create(rows);
      this.history = record(this.history, { kind: 'created', records: made.ids, changes: [], selection: this.selection });
      this.pages.total += made.ids.length;
      this.pages.records += made.ids.length;
      this.pages.version = Math.max(this.pages.version, made.version);
      this.reload();
      return made.ids;
    } catch (error) {
      this.#problem(error, () => void this.create(rows));
      return [];
    }
  }

  /** A new record, and the focus on it, wherever the view puts it. */
  async add(cells: Record<string, CellValue>, col: number): Promise<string | undefined> {
    const [id] = await this.create([cells]);
    if (id === undefined) return undefined;
    const row = await this.host.position(id).catch(() => this.pages.total - 1);
    if (row === null) {
      const text = `The new ${this.options.noun.one} does not show here: the view’s conditions leave it out.`;
      this.host.notice({ kind: 'info', text, action: { label: `Open ${this.options.noun.one}`, run: () => this.host.open(id, -1) } });
    } else {
      this.select(single(at(row, col)));
      // What stands there now is still the line before it: the new record is followed, not that one.
      this.#ids = { anchor: id, focus: id };
    }
    return id;
  }

  /** What a new record needs to be in the group of a line: the values that the person may write. */
  within(index: number): Record<string, CellValue> {
    const line = this.pages.line(index);
    const cells: Record<string, CellValue> = {};
    this.groups.forEach((column, level) => {
      const value = isGroup(line) ? line.values[level] : line && this.value(line, column);
      if (value !== undefined && !sameValue(value, null) && this.writable(column)) cells[column.id] = value;
    });
    return cells;
  }

  /** Folds the group whose heading stands at a line, or unfolds it. */
  fold(index: number, folded?: boolean): void {
    const group = this.pages.group(index);
    if (!group || group.folded === folded) return;
    group.folded = !group.folded;
    this.host.fold(group.id, group.folded);
    this.reload();
  }

  foldAll(folded: boolean): void {
    this.host.fold('all', folded);
    this.reload();
  }

  /** The heading above a heading, of the level outside of it; or the same line. */
  outer(index: number): number {
    const level = this.pages.group(index)?.level ?? 0;
    for (let line = index - 1; line >= 0; line -= 1) {
      const at = this.pages.line(line);
      if (!at) return index;
      if (isGroup(at) && at.level < level) return line;
    }
    return index;
  }

  async delete(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      await this.host.remove(ids);
    } catch (error) {
      this.#problem(error, () => void this.delete(ids));
      return;
    }
    const group: Group = { kind: 'deleted', records: ids, selection: this.selection };
    this.history = record(this.history, group);
    this.reload();
    const { one, many } = this.options.noun;
    const text = `${ids.length.toLocaleString()} ${ids.length === 1 ? one : many} deleted.`;
    this.host.notice({ kind: 'info', text, action: { label: 'Undo', run: () => void this.undoGroup(group) } });
  }

  /** Takes back one group out of order (the Undo of a notice). */
  async undoGroup(group: Group): Promise<void> {
    if (!this.history.undo.includes(group)) return;
    this.history = { undo: this.history.undo.filter((g) => g !== group), redo: [...this.history.redo, group] };
    await this.#apply(group, 'undo');
  }

  async undo(): Promise<void> {
    const taken = takeUndo(this.history);
    if (!taken) return;
    this.history = taken.rest;
    await this.#apply(taken.group, 'undo');
  }

  async redo(): Promise<void> {
    const taken = takeRedo(this.history);
    if (!taken) return;
    this.history = taken.rest;
    await this.#apply(taken.group, 'redo');
  }

  async #apply(group: Group, direction: 'undo' | 'redo'): Promise<void> {
    await this.#queue;
    if (group.kind === 'cells') await this.#applyCells(group.changes, direction);
    else {
      const remove = (group.kind === 'created') === (direction === 'undo');
      try {
        await (remove ? this.host.remove(group.records) : this.host.restore(group.records));
      } catch (error) {
        this.#problem(error, () => void this.#apply(group, direction));
      }
      this.reload();
    }
    this.select(group.selection);
  }

  async #applyCells(changes: readonly CellChange[], direction: 'undo' | 'redo'): Promise<void> {
    const away = [...new Set(changes.map((c) => c.record))].filter((id) => !this.pages.find(id)).slice(0, 50);
    const fetched = new Map<string, Row>();
    await Promise.all(away.map(async (id) => {
      const row = await this.host.record(id).catch(() => null);
      if (row) fetched.set(id, row);
    }));
    const { writes, skipped } = plan(changes, direction, (id, field) => {
      const here = this.pages.find(id);
      if (here) return this.pages.value(here.row, field);
      const row = fetched.get(id);
      return row ? (row.cells[field] ?? null) : undefined;
    });
    if (writes.length > 0) this.#send(writes);
    if (skipped > 0) this.host.notice({ kind: 'info', text: `${skipped === 1 ? 'One cell has' : `${skipped.toLocaleString()} cells have`} changed since and stayed as ${skipped === 1 ? 'it is' : 'they are'}.` });
  }

  /** Enter on a tick, or a click on it. */
  toggle(where: At): void {
    const column = this.column(where);
    const row = this.row(where);
    if (!row || !this.writable(column) || kinds[column.kind].editor !== 'toggle') return;
    this.set({ record: row.id, column }, this.value(row, column) !== true);
  }

  /** A press on a star: as many, or none where it is the last one that shines. */
  rate(where: At, stars: number): void {
    const column = this.column(where);
    const row = this.row(where);
    if (!row || !this.writable(column) || kinds[column.kind].editor !== 'rate') return;
    this.set({ record: row.id, column }, this.value(row, column) === stars ? null : stars);
  }

  /** Puts the focus on a record that is at hand. */
  reach(record: string): number | undefined {
    const found = this.pages.find(record);
    if (found) this.select(single(clampAt(at(found.index, this.selection.focus.col), this.size)));
    return found?.index;
  }
}

function clampCol(where: At, columns: readonly Column[]): At {
  return at(where.row, Math.min(where.col, Math.max(0, columns.length - 1)));
}
