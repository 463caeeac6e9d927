// What /v1 answers, as the workspace reads it. Ids are text; the shapes are those of the API's reference.
import type { CellValue, Choice, FieldType, Json, Kind } from '../../grid/src/index.ts';

/** A type of values with its options: of what is calculated, and how it is shown. */
export interface ValueType {
  type: FieldType | Kind;
  options?: FieldOptions | null;
}

export type Summary =
  | 'sum' | 'avg' | 'min' | 'max' | 'median' | 'product' | 'range' | 'stdev' | 'variance' | 'numbers' | 'filled' | 'empty' | 'all' | 'unique'
  | 'join' | 'join_unique' | 'list' | 'list_unique' | 'first' | 'last' | 'and' | 'or' | 'xor';

/** A rule of a field. */
export interface Validation {
  min?: number | string | undefined;
  max?: number | string | undefined;
  min_length?: number | undefined;
  max_length?: number | undefined;
  pattern?: string | undefined;
  formula?: string | undefined;
  message?: string | undefined;
  /** Why it is not asked. */
  problem?: string;
}

export interface FieldOptions {
  precision?: number;
  currency?: string;
  max?: number;
  zone?: string;
  choices?: Choice[];
  /** Linked table, for `link`. */
  table?: string;
  symmetric_field?: string | null;
  many?: boolean;
  /** A link field of the same table, for `lookup`, `rollup` and `count`. */
  link_field?: string;
  /** A field of the linked table. */
  field?: string;
  function?: Summary;
  formula?: string;
  label?: string;
  format?: ValueType;
  /** Fields whose changes count, for `modified_time` and `modified_by`; of any field without them. */
  fields?: string[];
  required?: boolean;
  unique?: boolean;
  /** What a new record gets. */
  default?: Json;
  /** What its values must be besides. */
  validation?: Validation;
  /** Type of the values of a calculated field. */
  result?: ValueType;
  /** Why a calculated field has no values. */
  problem?: string;
  /** Type of the elements of a list. */
  of?: ValueType;
}

export interface Field {
  id: string;
  name: string;
  type: FieldType;
  description: string | null;
  options: FieldOptions | null;
  read_only: boolean;
  /** While the values of a large table are calculated in the background: the share that has been, from 0 to 1. */
  calculated?: number;
}

/** What a change of a field's type would keep and lose. */
export interface Conversion {
  filled: number;
  lost: number;
  /** Records whose value breaks the rule that the field gets. */
  broken: number;
  samples: { id: string; before: string; after: string | null }[];
}

export type Permission = 'read' | 'write' | 'delete' | 'views' | 'schema' | 'export';

export type Op =
  | 'is' | 'is_not' | 'contains' | 'does_not_contain' | 'starts_with' | 'is_empty' | 'is_not_empty'
  | 'gt' | 'gte' | 'lt' | 'lte' | 'is_any_of' | 'is_none_of' | 'is_all_of' | 'before' | 'after' | 'on' | 'has_file_type';

/** Days counted from today. */
export type Relative = { relative: string; n?: number };

export interface Condition {
  field: string;
  op: Op;
  value?: string | number | boolean | string[] | Relative;
}
export type Where = { and: Where[] } | { or: Where[] } | Condition;

export interface SortKey {
  field: string;
  desc: boolean;
}

/** One level of groups. */
export interface GroupKey extends SortKey {
  hide_empty?: boolean;
}

export type RowHeight = 'short' | 'medium' | 'tall' | 'extra';

export interface ViewConfig {
  filter?: string | null;
  where?: Where | null;
  sort?: SortKey[];
  /** Outermost first. */
  group?: GroupKey[];
  /** A select whose choice gives a record its colour. */
  colour?: { field: string } | null;
  hidden?: string[];
  widths?: Record<string, number>;
  order?: string[];
  row_height?: RowHeight;
  /** Total under a field. Kept by the server as a member of the view's own. */
  totals?: Record<string, Aggregate>;
}

export type ViewAccess = 'shared' | 'personal' | 'locked';

export interface ViewInfo {
  id: string;
  name: string;
  type: string;
  access: ViewAccess;
  /** What the person may do with the view itself. */
  may: ('edit' | 'access' | 'personal' | 'share')[];
  config: ViewConfig;
}

/** A link that shows a view to whoever has it. */
export interface ShareInfo {
  id: string;
  /** Only in the answer to its making. */
  url?: string;
  password: boolean;
  downloads: boolean;
  created_at: string;
  expires_at: string | null;
}

export interface TableInfo {
  id: string;
  name: string;
  primary_field: string;
  records: number;
  fields: Field[];
  views: ViewInfo[];
}

export interface BaseInfo {
  id: string;
  name: string;
  icon: string | null;
  colour: string | null;
  version: number;
  may: Permission[];
  tables: TableInfo[];
}

export interface WindowAnswer {
  version: number;
  total: number;
  offset: number;
  fields: string[];
  rows: [string, ...CellValue[]][];
}

export interface GroupAnswer {
  level: number;
  key: string;
  values: CellValue[];
  count: number;
  first: number;
  collapsed: boolean;
  totals: Record<string, number | string | null>;
}

export interface LinesAnswer {
  version: number;
  /** Lines. */
  total: number;
  records: number;
  offset: number;
  /** Of the first line, among the records. */
  place: number;
  fields: string[];
  lines: ([string, ...CellValue[]] | GroupAnswer)[];
}

export interface RecordAnswer {
  id: string;
  fields: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

export type Aggregate = 'sum' | 'avg' | 'min' | 'max' | 'filled' | 'empty' | 'unique';

export interface HistoryEntry {
  version: number;
  at: string;
  actor: { id: string; name: string };
  kind: string;
  cells: { field: string; before: CellValue; after: CellValue }[];
}

/** A version of the base that was kept under a name. */
export interface Snapshot {
  id: string;
  name: string;
  version: number;
  at: string;
  created_by: { id: string; name: string };
  created_at: string;
}

/** A snapshot on its way into a new base. */
export interface RestoreState {
  id: string;
  state: 'running' | 'done' | 'failed';
  base: string;
  name: string;
  done: number;
  total: number;
  failure: string | null;
}

export interface TrashItem {
  id: string;
  kind: 'table' | 'field' | 'view' | 'record';
  name: string;
  table: { id: string; name: string } | null;
  deleted_at: string;
  deleted_by: { id: string; name: string } | null;
  /** When it is gone for good. */
  purged_at: string | null;
}

export interface TableActivity {
  table: { id: string; name: string };
  created: number;
  updated: number;
  deleted: number;
  records: { id: string; name: string }[];
  fields: string[];
}

export interface ActivityEntry {
  version: number;
  at: string;
  actor: { id: string; name: string };
  kind: string;
  tables: TableActivity[];
  schema: { what: string; id: string | null; name: string; table: string | null; done: string }[];
}

/** A table, field or view that is not the same at two moments. */
export interface SchemaDifference {
  what: string;
  id: string;
  name: string;
  table: string | null;
  done: 'added' | 'removed' | 'changed';
  members: { member: string; before: unknown; after: unknown }[];
}

/** What going back to a version of the schema would do to a table, field or view. */
export interface SchemaReturnPart {
  what: 'table' | 'field' | 'view';
  id: string;
  name: string;
  table: string | null;
  done: 'restored' | 'removed' | 'changed';
  members: string[];
  renamed: string | null;
  types: { now: FieldType; then: FieldType } | null;
  filled: number;
  lost: number;
}

export interface SchemaReturn {
  to: number;
  version: number;
  lost: number;
  data: SchemaReturnPart[];
  blocked: { what: string; id: string; name: string; table: string | null; reason: string; detail: string }[];
}

export interface ImportColumn {
  name: string;
  type: FieldType;
  samples: string[];
}

export interface ImportPreview {
  id: string;
  columns: ImportColumn[];
  rows: string[][];
  total: number;
  /** The column that names the records of a new table, as far as the server can guess. */
  primary: string;
  /** What the file is, by its content. */
  format: 'csv' | 'tsv' | 'json' | 'ndjson' | 'xlsx';
  /** Empty for what is no text with separators; so is the encoding of a workbook. */
  delimiter: string;
  encoding: string;
  sheets: string[];
  sheet: string | null;
  dates: 'iso' | 'day_first' | 'month_first';
  numbers: 'point' | 'comma';
  bytes: number;
}

export interface ImportState {
  state: 'preview' | 'running' | 'done' | 'failed' | 'cancelled';
  table: string | null;
  done: number;
  total: number;
  created: number;
  /** Records that were found by their key and changed. */
  updated: number;
  /** Records that were deleted before the rows came in. */
  deleted: number;
  errors: { row: number; column: string | null; value: string | null; message: string; left_out: boolean }[];
  error_count: number;
  failure: string | null;
}

export interface ChangeEvent {
  version: number;
  actor: string | null;
  schema: boolean;
  /** Null: any table may have changed. */
  tables: Record<string, { records: string[] | null }> | null;
}

export interface Problem {
  title?: string;
  detail?: string;
  status?: number;
  code?: string;
  request_id?: string;
  errors?: { pointer: string; code: string; detail: string }[];
}
