// The lines at hand (records, and headings of groups between them): pages of a view, fetched when they come into sight, and the person's own writes over them until the server has them.
// Invariants: a page is of one version; a cell shows the newest of (page, own write not yet in the page's version); at most `capacity` pages stay.
import { type CellValue, type CellWrite, type GroupLine, isGroup, type Line, type Row, type Window } from './types.ts';

export interface PageOptions {
  size: number;
  capacity: number;
  /** Milliseconds to wait for the scrolling to settle before a page is asked for. */
  delay: number;
  fetch(offset: number, limit: number, signal: AbortSignal): Promise<Window>;
  changed(): void;
  failed(error: unknown): void;
}

interface Page {
  version: number;
  stale: boolean;
  rows: Line[];
}

interface Own {
  value: CellValue;
  /** Version that contains the write; Infinity while it is under way. */
  version: number;
}

export class Pages {
  /** Lines. */
  total = 0;
  /** Records, those of folded groups included. */
  records = 0;
  version = 0;
  /** Before the first answer there is no number of rows. */
  known = false;
  #pages = new Map<number, Page>();
  #flying = new Map<number, { stop: AbortController; epoch: number }>();
  #own = new Map<string, Map<string, Own>>();
  #wanted: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #epoch = 0;
  #options: PageOptions;

  constructor(options: PageOptions) {
    this.#options = options;
  }

  get loading(): boolean {
    return this.#flying.size > 0 || this.#timer !== undefined;
  }

  line(index: number): Line | undefined {
    const page = this.#pages.get(Math.floor(index / this.#options.size));
    return page?.rows[index % this.#options.size];
  }

  /** The record at a line; none at a heading. */
  row(index: number): Row | undefined {
    const line = this.line(index);
    return isGroup(line) ? undefined : line;
  }

  group(index: number): GroupLine | undefined {
    const line = this.line(index);
    return isGroup(line) ? line : undefined;
  }

  value(row: Row, field: string): CellValue {
    const own = this.#own.get(row.id)?.get(field);
    return own ? own.value : (row.cells[field] ?? null);
  }

  /** Rows of the loaded pages by id: where a record is now, if it is at hand. */
  find(id: string): { index: number; row: Row } | undefined {
    const index = this.where(id);
    const row = index === undefined ? undefined : this.row(index);
    return index === undefined || !row ? undefined : { index, row };
  }

  /** Where a record or a group's heading is now, if it is at hand. */
  where(id: string): number | undefined {
    for (const [number, page] of this.#pages) {
      const at = page.rows.findIndex((line) => line.id === id);
      if (at >= 0) return number * this.#options.size + at;
    }
    return undefined;
  }

  /** Asks for what [first, last) lacks, nearest pages last asked first answered; older wishes that scrolled away are dropped. */
  want(first: number, last: number): void {
    const { size } = this.#options;
    const end = this.known ? Math.min(last, this.total) : last;
    const missing: number[] = [];
    for (let page = Math.floor(first / size); page * size < Math.max(end, 1); page += 1) {
      const have = this.#pages.get(page);
      if ((!have || have.stale) && !this.#flying.has(page)) missing.push(page);
      if (have) {
        this.#pages.delete(page);
        this.#pages.set(page, have);
      }
    }
    if (missing.length === 0) return;
    this.#wanted = missing.slice(-4);
    if (this.known && this.#options.delay > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#send(), this.#options.delay);
    } else this.#send();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const page of this.#wanted) if (!this.#flying.has(page)) void this.#load(page);
    this.#wanted = [];
  }

  /** Loads one page; a page that was invalidated on its way is asked for again by the next `want`. */
  async #load(page: number): Promise<void> {
    const { size } = this.#options;
    const flight = { stop: new AbortController(), epoch: this.#epoch };
    this.#flying.set(page, flight);
    this.#dropFarFlights(page);
    try {
      const window = await this.#options.fetch(page * size, size, flight.stop.signal);
      if (this.#flying.get(page) !== flight) return;
      this.#flying.delete(page);
      if (window.version >= this.version || flight.epoch === this.#epoch) this.#store(page, window, flight.epoch !== this.#epoch);
    } catch (error) {
      if (this.#flying.get(page) !== flight) return;
      this.#flying.delete(page);
      if (!flight.stop.signal.aborted) this.#options.failed(error);
      return;
    }
    this.#options.changed();
  }

  #dropFarFlights(page: number): void {
    if (this.#flying.size <= 8) return;
    const far = [...this.#flying.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page)).slice(0, this.#flying.size - 8);
    for (const key of far) {
      this.#flying.get(key)?.stop.abort();
      this.#flying.delete(key);
    }
  }

  #store(page: number, window: Window, stale: boolean): void {
    this.known = true;
    this.total = window.total;
    this.records = window.records ?? window.total;
    this.version = Math.max(this.version, window.version);
    this.#pages.delete(page);
    this.#pages.set(page, { version: window.version, stale, rows: window.rows });
    for (const key of this.#pages.keys()) {
      if (this.#pages.size <= this.#options.capacity) break;
      this.#pages.delete(key);
    }
    for (const key of [...this.#pages.keys()]) if (key * this.#options.size >= window.total && key > 0) this.#pages.delete(key);
    this.#prune(window.version);
  }

  /** Own writes that every later answer will contain need no keeping. */
  #prune(version: number): void {
    if (this.#flying.size > 0) return;
    for (const [record, fields] of this.#own) {
      for (const [field, own] of fields) {
        if (own.version > version) continue;
        const found = this.find(record);
        if (found && (this.#pageOf(found.index)?.version ?? 0) < own.version) found.row.cells[field] = own.value;
        fields.delete(field);
      }
      if (fields.size === 0) this.#own.delete(record);
    }
  }

  #pageOf(index: number): Page | undefined {
    return this.#pages.get(Math.floor(index / this.#options.size));
  }

  /** Shows writes before the server has them. */
  begin(writes: readonly CellWrite[]): void {
    for (const write of writes) {
      let fields = this.#own.get(write.record);
      if (!fields) this.#own.set(write.record, (fields = new Map()));
      fields.set(write.field, { value: write.value, version: Infinity });
    }
    this.#options.changed();
  }

  /** The writes are in `version`; they stay on top of pages that are older. */
  landed(writes: readonly CellWrite[], version: number): void {
    for (const write of writes) {
      const own = this.#own.get(write.record)?.get(write.field);
      if (own && own.value === write.value) own.version = version;
    }
    this.invalidate();
  }

  /** The writes were refused: the cells show again what the server has. */
  refused(writes: readonly CellWrite[]): void {
    for (const write of writes) {
      const fields = this.#own.get(write.record);
      if (fields?.get(write.field)?.value === write.value) fields.delete(write.field);
    }
    this.invalidate();
  }

  /** Everything at hand may be out of date: shown until the new rows are here. */
  invalidate(): void {
    this.#epoch += 1;
    for (const page of this.#pages.values()) page.stale = true;
    this.#options.changed();
  }

  /** Another view: nothing of the old rows may show. */
  reset(): void {
    this.#epoch += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const flight of this.#flying.values()) flight.stop.abort();
    this.#flying.clear();
    this.#pages.clear();
    this.#wanted = [];
    this.known = false;
    this.total = this.records = 0;
    this.#options.changed();
  }

  /** Rows [first, last) all at hand: for copying and filling what has not been in sight. */
  async load(first: number, last: number): Promise<void> {
    const { size } = this.#options;
    for (let page = Math.floor(first / size); page * size < last; page += 1) {
      if (this.#pages.get(page)) continue;
      await this.#load(page);
    }
  }
}
