// The engine's public types. Values are those of the /v1 window: text, number, boolean, "2026-11-21", RFC 3339 in UTC, choice ids, links, any JSON; empty is null.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type CellValue = Json;
/** A type, not an interface: it is one of the JSON values. */
export type LinkRef = {
  /** Record id; empty while a pasted name waits for the server to find its record. */
  id: string;
  name: string;
};
/** What the API says of a file. */
export type FileRef = {
  /** Empty while a pasted address waits for the server. */
  id: string;
  filename: string;
  /** Good for two hours at least. */
  url: string;
  size?: number;
  type?: string;
  width?: number;
  height?: number;
  thumbnails?: Record<'small' | 'large' | 'full', { url: string; width: number; height: number }>;
};
/** What stands in a calculated cell that failed. */
export type CellError = { error: string };
/** What a button holds. */
export type ButtonValue = { label: string; url: string };

export type Kind =
  | 'text' | 'long_text' | 'rich_text' | 'number' | 'currency' | 'percent' | 'duration' | 'rating' | 'checkbox' | 'date' | 'datetime' | 'time' | 'year'
  | 'select' | 'multi_select' | 'user' | 'email' | 'url' | 'phone' | 'barcode' | 'json' | 'uuid' | 'colour' | 'geo' | 'attachment' | 'signature' | 'link' | 'button' | 'list';

/** Types of fields: those whose cells people write, and those that are calculated from others. */
export type FieldType = Exclude<Kind, 'list'> | 'lookup' | 'rollup' | 'count' | 'formula' | 'autonumber' | 'created_time' | 'modified_time' | 'created_by' | 'modified_by';

export interface Choice {
  id: string;
  name: string;
  colour: string;
}

export interface Person {
  id: string;
  name: string;
}

/** What must be known to draw and read values. */
export interface Shape {
  kind: Kind;
  /** Decimals shown, for numbers; without it up to 8 as they come. */
  precision?: number;
  /** ISO 4217 code or a symbol. */
  currency?: string;
  /** Most stars. */
  max?: number;
  /** For selects. */
  choices?: readonly Choice[];
  /** Several people or links. */
  many?: boolean;
  /** IANA zone, for `datetime`; without it the person's own. */
  zone?: string;
  /** Elements of a `list`. */
  of?: Shape;
  /** Who has which id, for `user`. */
  people?: readonly Person[];
}

export interface Column extends Shape {
  id: string;
  name: string;
  /** The field's own type, where it is another than that of its values: a formula, a lookup. */
  type?: FieldType;
  /** CSS px. */
  width: number;
  readOnly: boolean;
  /** Values are calculated, and may be errors. */
  computed?: boolean;
  /** Why there are no values. */
  problem?: string;
  /** A name that is no choice yet may be written, and becomes one. */
  grows?: boolean;
  /** Shown when the pointer rests on the header. */
  description?: string;
}

export interface Row {
  id: string;
  cells: Record<string, CellValue>;
  /** Place among the records of the view, from 0, where headings stand between them. */
  place?: number;
}

/** The heading of a group, a line between the records. */
export interface GroupLine {
  /** Names the group: it stays as long as the values are what they are. */
  id: string;
  /** From 0, the outermost. */
  level: number;
  /** What it stands for, from the outermost level to its own. */
  values: CellValue[];
  /** Records in it. */
  count: number;
  folded: boolean;
  /** By field. */
  totals: Record<string, FooterCell>;
}

export type Line = Row | GroupLine;
export const isGroup = (line: Line | undefined): line is GroupLine => line !== undefined && 'level' in line;

export interface Window {
  /** Sequence of the base that the rows were read at. */
  version: number;
  /** Lines in all. */
  total: number;
  /** Records in all, those of folded groups included; as many as lines where it is absent. */
  records?: number;
  offset: number;
  rows: Line[];
}

export interface CellWrite {
  record: string;
  field: string;
  value: CellValue;
}

/** A cell by position: row of the view, index into the columns. */
export interface At {
  row: number;
  col: number;
}

export type Notice = { kind: 'info' | 'error'; text: string; action?: { label: string; run: () => void } };

/** What the engine asks of whoever embeds it. Every promise rejects with an Error whose message can be shown. */
export interface Host {
  window(offset: number, limit: number, signal: AbortSignal): Promise<Window>;
  /** Resolves to the version that contains the writes. */
  write(writes: CellWrite[]): Promise<number>;
  create(rows: Record<string, CellValue>[]): Promise<{ ids: string[]; version: number }>;
  remove(ids: string[]): Promise<number>;
  restore(ids: string[]): Promise<number>;
  /** One record by id, for undo outside the rows that are loaded; null when it is gone. */
  record(id: string): Promise<Row | null>;
  /** Line of a record in the view as the server has it now, that of its group's heading if that is folded; null when the view does not show it. */
  position(record: string): Promise<number | null>;
  links(column: Column, text: string, signal: AbortSignal): Promise<LinkRef[]>;
  notice(notice: Notice): void;
  /** The person asked for the files of a cell, or gives it some. */
  files(record: string, field: string, given?: File[]): void;
  /** The person asked for the whole record. */
  open(record: string, row: number): void;
  /** The person asked for what can be done at this place. */
  menu(place: MenuPlace): void;
  resized(field: string, width: number): void;
  reordered(field: string, before: string | null): void;
  /** The person folded or unfolded a group, or all of them. */
  fold(group: string | 'all', folded: boolean): void;
  /** Selection, number of rows, undo depth or loading changed. */
  changed(): void;
}

export type MenuPlace =
  | { at: 'header'; field: string; box: DOMRect }
  | { at: 'add-field'; box: DOMRect }
  | { at: 'footer'; field: string; box: DOMRect }
  | { at: 'cell'; x: number; y: number; records: string[]; field: string };

export interface FooterCell {
  label: string;
  value: string;
}

export interface GridOptions {
  label: string;
  columns: Column[];
  /** px: 32 shows one line, more shows several. */
  rowHeight: number;
  host: Host;
  /** Word for one and for several rows ("airport", "airports"). */
  noun: { one: string; many: string };
  canWrite: boolean;
}

/** `empty`: the view was read and has no rows; `error`: the first rows could not be read. */
export type Status = 'loading' | 'ready' | 'empty' | 'error';
