// The state of the workspace: the base's schema, where the person is (table, view, open record), notices and the connection.
// One object; React reads it through `useModel`, the grid through grid_host.ts. Every schema change goes to the server first and is then read anew.
import { Api, ApiError, message } from './api/client.ts';
import { followBase } from './api/events.ts';
import type { BaseInfo, ChangeEvent, Conversion, Field, FieldOptions, Permission, SchemaReturn, TableInfo, TrashItem, ViewAccess, ViewConfig, ViewInfo } from './api/types.ts';
import { complete } from './conditions.ts';
import { type Folds, keepFolds, OPEN, readFolds } from './folds.ts';
import { differs, pruned, rowsOf, shownConfig } from './personal.ts';
import type { Config } from './config.ts';
import type { FieldType, Grid, Notice, Person } from '../grid/src/index.ts';

export interface Toast extends Notice {
  id: number;
}

export interface FieldChange {
  name?: string;
  type?: FieldType;
  options?: FieldOptions;
  description?: string;
}

export type Panel =
  | { kind: 'none' }
  | { kind: 'import'; text?: string; file?: File }
  | { kind: 'shortcuts' }
  | { kind: 'palette' }
  | { kind: 'trash' }
  | { kind: 'activity' }
  /** The files of a cell, with some that were given to it. */
  | { kind: 'files'; record: string; field: string; given: File[] }
  | { kind: 'past' }
  /** A new field, or the one with this id. */
  | { kind: 'field'; field?: string };

const TOAST_TIME = 10_000;
/** How often is looked how far a calculation is. */
const CALCULATING_LOOK = 1_000;

export class Model {
  readonly config: Config;
  readonly api: Api;
  base: BaseInfo | undefined;
  failure: ApiError | Error | undefined;
  tableId: string | undefined;
  viewId: string | undefined;
  recordId: string | undefined;
  find = '';
  toasts: Toast[] = [];
  online = true;
  panel: Panel = { kind: 'none' };
  grid: Grid | undefined;
  /** Grows when records of the shown table changed elsewhere: panels read again. */
  pulse = 0;
  /** What the person changed for themselves, by view: of those who may not change views, and in locked ones. */
  #own = new Map<string, ViewConfig>();
  /** By view. */
  #folds = new Map<string, Folds>();
  /** Whose name the page knows: the person's own, and of everybody who is named in an answer. */
  people: readonly Person[];
  #look: ReturnType<typeof setTimeout> | undefined;
  #version = 0;
  #listeners = new Set<() => void>();
  #toastCount = 0;

  constructor(config: Config) {
    this.config = config;
    this.api = new Api(config);
    this.people = config.userId ? [{ id: config.userId, name: config.user }] : [];
    this.api.online = (now) => {
      if (now === this.online) return;
      this.online = now;
      this.changed();
    };
    this.tableId = config.table;
    this.viewId = config.view;
    this.api.asOf = new URLSearchParams(location.search).get('as_of') ?? undefined;
    this.recordId = new URLSearchParams(location.search).get('record') ?? undefined;
  }

  subscribe = (run: () => void): (() => void) => {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  };
  snapshot = (): number => this.#version;

  changed(): void {
    this.#version += 1;
    for (const run of this.#listeners) run();
  }

  get table(): TableInfo | undefined {
    return this.base?.tables.find((t) => t.id === this.tableId) ?? this.base?.tables[0];
  }

  /** The field of the table that is being calculated for all records, if there is one. */
  get calculating(): Field | undefined {
    const fields = this.table?.fields.filter((f) => f.calculated !== undefined) ?? [];
    return fields.find((f) => f.calculated !== 0) ?? fields[0];
  }

  get view(): ViewInfo | undefined {
    return this.table?.views.find((v) => v.id === this.viewId) ?? this.table?.views[0];
  }

  /** The view as it shows: as it is saved, with what the person changed for themselves. */
  get look(): ViewConfig {
    const { view } = this;
    return view ? shownConfig(view.config, this.#own.get(view.id)) : {};
  }

  /** Whether the person sees something else than the saved view. */
  get ownLook(): boolean {
    return this.view !== undefined && differs(this.view.config, this.#own.get(this.view.id));
  }

  /** What the records are grouped by, outermost first. */
  get groups(): Field[] {
    return (this.look.group ?? []).flatMap((group) => this.field(group.field) ?? []);
  }

  /** The select whose choice gives a record its colour. */
  get colour(): Field | undefined {
    return this.field(this.look.colour?.field ?? '');
  }

  /** Which groups of the shown view are folded. */
  get folds(): Folds {
    const { view } = this;
    if (!view) return OPEN;
    const known = this.#folds.get(view.id) ?? readFolds(this.config.userId, view.id);
    this.#folds.set(view.id, known);
    return known;
  }

  setFolds(folds: Folds): void {
    if (!this.view) return;
    this.#folds.set(this.view.id, folds);
    keepFolds(this.config.userId, this.view.id, folds);
    this.changed();
  }

  /** How the rows that show are asked for. */
  get rows(): Record<string, unknown> {
    const { view } = this;
    return view ? rowsOf(view.id, view.config, this.#own.get(view.id)) : {};
  }

  /** What the person may do here; nothing until the base is known. */
  may(what: Permission): boolean {
    return this.base?.may.includes(what) ?? false;
  }

  /** Whether what the person changes of the shown view is saved: not in a locked one. */
  get savesLook(): boolean {
    return this.may('views') && this.view?.may.includes('edit') === true;
  }

  /** Remembers the names of people that an answer told. */
  know(people: readonly Person[]): void {
    const fresh = people.filter((person) => person.id.startsWith('usr_') && person.name !== '' && !this.people.some((known) => known.id === person.id));
    if (fresh.length === 0) return;
    const unique = fresh.filter((person, i) => fresh.findIndex((one) => one.id === person.id) === i);
    this.people = [...this.people, ...unique].sort((a, b) => a.name.localeCompare(b.name));
    this.changed();
  }

  field(id: string): Field | undefined {
    return this.table?.fields.find((f) => f.id === id);
  }

  start(): void {
    void this.load();
    void this.#meet();
    addEventListener('popstate', () => this.#fromAddress());
    addEventListener('online', () => this.#missed());
    // The past does not change.
    if (this.asOf !== undefined) return;
    const live = followBase(this.api, this.config.base, (change) => this.#heard(change), () => this.#missed());
    addEventListener('pagehide', () => live.stop());
  }

  /** Names of everybody who may see the base. Those who are not told of colleagues know the names that answers tell. */
  async #meet(): Promise<void> {
    try {
      this.know((await this.api.get<{ data: Person[] }>(`/v1/bases/${this.config.base}/people`)).data.data);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async load(): Promise<void> {
    try {
      this.base = (await this.api.get<BaseInfo>(`/v1/bases/${this.config.base}`)).data;
      this.failure = undefined;
      for (const table of this.base.tables) {
        for (const { id } of table.views) {
          const own = this.#own.get(id);
          if (own) this.#own.set(id, pruned(own, table.fields));
        }
      }
      this.#settle();
      clearTimeout(this.#look);
      if (this.calculating) this.#look = setTimeout(() => void this.load(), CALCULATING_LOOK);
    } catch (error) {
      if (!this.base) this.failure = error as Error;
      else this.fail(error, () => void this.load());
    }
    this.changed();
  }

  /** Makes table and view real ones, and the address say so. */
  #settle(): void {
    this.tableId = this.table?.id;
    this.viewId = this.view?.id;
    this.#writeAddress(true);
  }

  #heard(change: ChangeEvent): void {
    if (change.schema) void this.load();
    const concerns = (table: string | undefined) => table !== undefined && (change.tables === null || change.tables[table] !== undefined);
    const touched = concerns(this.tableId);
    const linked = this.#linkedTables().some(concerns);
    // Calculated values come without a version of their own.
    const newer = (this.grid?.state.version ?? 0) < change.version || change.tables === null;
    if ((touched || linked || change.schema) && newer) this.grid?.invalidate();
    if (touched || linked) {
      this.pulse += 1;
      this.changed();
    }
  }

  /** Tables whose records show in this one: through its links, and through the links of those where something is calculated from them. */
  #linkedTables(): string[] {
    const direct = (table: TableInfo | undefined) => table?.fields.flatMap((f) => f.options?.table ?? []) ?? [];
    const found = new Set(direct(this.table));
    if (this.table?.fields.some((f) => f.type === 'lookup' || f.type === 'rollup')) {
      for (const id of found) for (const next of direct(this.base?.tables.find((t) => t.id === id))) found.add(next);
    }
    return [...found];
  }

  #missed(): void {
    void this.load();
    this.grid?.invalidate();
    this.pulse += 1;
  }

  #fromAddress(): void {
    const parts = location.pathname.split('/').filter(Boolean);
    this.tableId = parts.find((p) => p.startsWith('tbl')) ?? this.tableId;
    this.viewId = parts.find((p) => p.startsWith('viw'));
    this.recordId = new URLSearchParams(location.search).get('record') ?? undefined;
    this.viewId = this.view?.id;
    this.changed();
  }

  /** The moment in the past that the page shows; undefined for now. */
  get asOf(): string | undefined {
    return this.api.asOf;
  }

  /** Shows the base as of a version or a time, or as it is: a page of its own, so that nothing of one moment stays in the other. */
  lookAt(moment: string | undefined): void {
    location.assign(this.address(this.viewId, this.tableId, undefined, moment ?? null));
  }

  address(view: string | undefined = this.viewId, table: string | undefined = this.tableId, record: string | undefined = undefined, asOf: string | null = this.asOf ?? null): string {
    const parts = ['/o', this.config.org, 'b', this.config.base, table, table ? view : undefined].filter((p) => p !== undefined);
    const query = new URLSearchParams({ ...(record ? { record } : {}), ...(asOf === null ? {} : { as_of: asOf }) }).toString();
    return `${parts.join('/')}${query ? `?${query}` : ''}`;
  }

  #writeAddress(replace: boolean): void {
    const to = this.address(this.viewId, this.tableId, this.recordId);
    if (to === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', to);
  }

  go(table: string, view?: string): void {
    this.tableId = table;
    this.viewId = view;
    this.viewId = this.view?.id;
    this.recordId = undefined;
    this.find = '';
    this.#writeAddress(false);
    this.changed();
  }

  openRecord(id: string | undefined): void {
    const replace = this.recordId !== undefined && id !== undefined;
    this.recordId = id;
    this.#writeAddress(replace);
    this.changed();
    if (id === undefined) this.grid?.focus();
  }

  setFind(text: string): void {
    this.find = text;
    this.changed();
  }

  show(panel: Panel): void {
    this.panel = panel;
    this.changed();
  }

  notice(notice: Notice): void {
    const toast = { ...notice, id: (this.#toastCount += 1) };
    this.toasts = [...this.toasts.filter((t) => t.text !== notice.text).slice(-2), toast];
    this.changed();
    setTimeout(() => this.dismiss(toast.id), TOAST_TIME);
  }

  dismiss(id: number): void {
    const left = this.toasts.filter((t) => t.id !== id);
    if (left.length === this.toasts.length) return;
    this.toasts = left;
    this.changed();
  }

  fail(error: unknown, again?: () => void): void {
    if (error instanceof ApiError && error.code === 'session_ended') {
      this.notice({ kind: 'error', text: error.message, action: { label: 'Log in', run: () => location.reload() } });
      return;
    }
    const id = error instanceof ApiError && error.requestId && error.status >= 500 ? ` Request ${error.requestId}.` : '';
    this.notice({ kind: 'error', text: `${message(error)}${id}`, ...(again ? { action: { label: 'Try again', run: again } } : {}) });
  }

  /** A schema write, then the schema anew. Throws, so that a dialog can show the error at its field. */
  async #change<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const { data } = await this.api.write<T>(method, path, body);
    await this.load();
    return data;
  }

  /** Newest first. */
  async trash(): Promise<TrashItem[]> {
    return (await this.api.get<{ data: TrashItem[] }>(`/v1/bases/${this.config.base}/trash`)).data.data;
  }

  /** Brings something back from the trash. */
  async restore(id: string): Promise<void> {
    await this.#change('POST', `/v1/bases/${this.config.base}/trash/${id}/restore`);
    this.grid?.invalidate();
  }

  /** Takes a change back. */
  async undo(version: number): Promise<void> {
    await this.#change('POST', `/v1/bases/${this.config.base}/changes/${version}/undo`);
    this.grid?.invalidate();
  }

  /** Goes back to a version of the schema, as it was told what that does. Gives the change that did it. */
  async goBack(told: SchemaReturn): Promise<number> {
    const blocked = told.blocked.length;
    const order = { version: told.version, lost: told.lost, partly: blocked > 0, blocked };
    const done = await this.#change<{ version: number }>('POST', `/v1/bases/${this.config.base}/schema/versions/${told.to}/restore`, order);
    this.grid?.invalidate();
    return done.version;
  }

  /** Says that something is in the trash, with a way back. */
  #binned(id: string, name: string): void {
    const run = (): void => void this.restore(id).catch((error: unknown) => this.fail(error));
    this.notice({ kind: 'info', text: `${name} is in the trash.`, action: { label: 'Restore', run } });
  }

  async addTable(name: string): Promise<void> {
    const made = await this.#change<{ id: string }>('POST', '/v1/tables', { base: this.config.base, name });
    this.go(made.id);
  }

  async renameTable(id: string, name: string): Promise<void> {
    await this.#change('PATCH', `/v1/tables/${id}`, { name });
  }

  async setPrimary(field: string): Promise<void> {
    await this.#change('PATCH', `/v1/tables/${this.table?.id ?? ''}`, { primary_field: field });
    this.grid?.invalidate();
  }

  async deleteTable(id: string): Promise<void> {
    const name = this.base?.tables.find((t) => t.id === id)?.name ?? 'The table';
    await this.#change('DELETE', `/v1/tables/${id}`);
    const next = this.base?.tables[0]?.id;
    if (this.tableId === id || !this.table) {
      if (next) this.go(next);
    }
    this.#binned(id, name);
  }

  async addView(name: string, config: ViewConfig = {}, type = 'grid'): Promise<void> {
    const table = this.table;
    if (!table) return;
    const made = await this.#change<{ id: string }>('POST', `/v1/tables/${table.id}/views`, { name, type, config });
    this.go(table.id, made.id);
  }

  async renameView(id: string, name: string): Promise<void> {
    await this.#change('PATCH', `/v1/views/${id}`, { name });
  }

  /** Who has the view. What was changed for oneself alone while it was locked is let go: it shows as it is saved. */
  async setAccess(id: string, access: ViewAccess): Promise<void> {
    try {
      await this.#change('PATCH', `/v1/views/${id}`, { access });
      if (this.#own.delete(id)) this.grid?.invalidate();
    } catch (error) {
      this.fail(error);
    }
  }

  async deleteView(id: string): Promise<void> {
    const table = this.table;
    const name = table?.views.find((v) => v.id === id)?.name ?? 'The view';
    await this.#change('DELETE', `/v1/views/${id}`);
    if (table && this.viewId === id) this.go(table.id);
    this.#binned(id, name);
  }

  /**
   * Changes the shown view: at once here, then on the server; taken back if it is refused. Who may not change views, and everybody in a locked one, changes it in
   * this page only. `rows`: other rows or another order result.
   */
  async setView(part: ViewConfig, rows: boolean): Promise<void> {
    const view = this.view;
    if (!view) return;
    if (!this.savesLook) {
      this.#own.set(view.id, { ...this.#own.get(view.id), ...part });
      if (rows) this.grid?.invalidate();
      this.changed();
      return;
    }
    const before = view.config;
    view.config = { ...before, ...part };
    this.changed();
    try {
      await this.api.write('PATCH', `/v1/views/${view.id}`, { config: view.config });
      if (rows) this.grid?.invalidate();
      this.changed();
    } catch (error) {
      view.config = before;
      this.changed();
      this.fail(error, () => void this.setView(part, rows));
    }
  }

  /** The view as it is saved again. */
  resetLook(): void {
    if (!this.view || !this.#own.delete(this.view.id)) return;
    this.grid?.invalidate();
    this.changed();
  }

  async addField(field: { name: string; type: FieldType; options: FieldOptions; description: string }): Promise<void> {
    await this.#change('POST', `/v1/tables/${this.table?.id ?? ''}/fields`, field);
    this.grid?.invalidate();
  }

  async changeField(id: string, part: FieldChange): Promise<void> {
    await this.#change('PATCH', `/v1/fields/${id}`, part);
    this.grid?.invalidate();
  }

  /** What a change of a field would keep and lose; nothing is changed. */
  async conversion(id: string, part: FieldChange): Promise<Conversion> {
    return (await this.api.ask<Conversion>('POST', `/v1/fields/${id}/conversion`, { body: part, reads: true })).data;
  }

  /** Deletes a field. Views that filtered by it lose those conditions: the server would refuse them otherwise. */
  async deleteField(id: string): Promise<void> {
    const name = this.field(id)?.name ?? 'The field';
    await this.api.write('DELETE', `/v1/fields/${id}`);
    const left = this.table?.fields.filter((f) => f.id !== id) ?? [];
    for (const view of this.table?.views ?? []) {
      if (!JSON.stringify(view.config.where ?? null).includes(id)) continue;
      await this.api.write('PATCH', `/v1/views/${view.id}`, { config: { ...view.config, where: complete(view.config.where, left) } });
    }
    await this.load();
    this.grid?.invalidate();
    this.#binned(id, name);
  }
}
