// Fields as the grid's columns, and cell values to and from what /v1/records takes: choices by name, links by id (by name where a pasted name has no id yet).
import { type CellValue, type Column, type FieldType, type Kind, type LinkRef, type Person, type Row, type Shape } from '../grid/src/index.ts';
import { filesOf } from '../grid/src/cells/files.ts';
import { idsOf } from '../grid/src/cells/multi_select.ts';
import type { Field, FieldOptions, RecordAnswer, ValueType, ViewConfig, WindowAnswer } from './api/types.ts';

const WIDTHS: Partial<Record<FieldType, number>> = {
  text: 200, long_text: 240, rich_text: 240, number: 120, currency: 130, percent: 110, duration: 110, rating: 130, checkbox: 96, date: 130, datetime: 180, time: 110, year: 90,
  select: 150, multi_select: 200, email: 200, url: 190, phone: 150, barcode: 160, json: 220, uuid: 300, colour: 120, geo: 160, attachment: 180, signature: 150, link: 200, count: 100, autonumber: 90,
  created_time: 180, modified_time: 180, button: 130,
};

/** Types that name what their values are called elsewhere. */
const AS: Partial<Record<FieldType | Kind, Kind>> = {
  autonumber: 'number', count: 'number', created_time: 'datetime', modified_time: 'datetime', created_by: 'user', modified_by: 'user', lookup: 'list', rollup: 'text', formula: 'text',
};

/** Types whose cells nobody writes. Others may be read-only as well: for this person. */
export const CALCULATED: ReadonlySet<FieldType> = new Set<FieldType>(['lookup', 'rollup', 'count', 'formula', 'button', 'autonumber', 'created_time', 'modified_time', 'created_by', 'modified_by']);

function shapeOfType({ type, options }: ValueType): Shape {
  const o: FieldOptions = options ?? {};
  const kind = AS[type] ?? (type as Kind);
  const whole = type === 'autonumber' || type === 'count';
  return {
    kind, precision: whole ? 0 : o.precision, currency: o.currency, max: o.max, choices: o.choices, many: o.many, zone: o.zone,
    ...(kind === 'list' ? { of: o.of ? shapeOfType(o.of) : { kind: 'text' } } : {}),
  };
}

/** What a field's values are: its own type, or that of what it calculates. */
export function shapeOf(field: Pick<Field, 'type' | 'options'>): Shape {
  const { result } = field.options ?? {};
  return shapeOfType(result && field.type !== 'button' ? result : { type: field.type, options: field.options });
}

export function toApi(value: CellValue, field: Field): unknown {
  const name = (id: string) => field.options?.choices?.find((c) => c.id === id)?.name ?? id;
  if (field.type === 'select') return typeof value === 'string' ? name(value) : value;
  if (field.type === 'multi_select') return idsOf(value).map(name);
  if (field.type === 'link') return Array.isArray(value) ? (value as LinkRef[]).map((ref) => ref.id || ref.name) : [];
  // The address says that the file was shown: so it may come back after somebody removed it.
  if (field.type === 'attachment' || field.type === 'signature') return filesOf(value).map(({ id, filename, url }) => (id ? { id, filename, url } : { filename, url }));
  return value;
}

/** Whether the server must find records by their names, or make choices of new names. */
export function needsTypecast(value: CellValue, field: Field): boolean {
  if (field.type === 'link') return Array.isArray(value) && (value as LinkRef[]).some((ref) => ref.id === '');
  if (field.type !== 'select' && field.type !== 'multi_select') return false;
  return idsOf(value).some((id) => !field.options?.choices?.some((choice) => choice.id === id));
}

/** A record by field ids, as /v1/records?keys=id answers it, as cells. Choices come by name, links as ids or as {id, name}. */
export function toRow(record: RecordAnswer, fields: readonly Field[]): Row {
  const cells: Row['cells'] = {};
  for (const field of fields) cells[field.id] = fromApi(record.fields[field.id], field);
  return { id: record.id, cells };
}

function fromApi(value: unknown, field: Field): CellValue {
  if (value === undefined || value === null) return null;
  const id = (name: unknown) => field.options?.choices?.find((c) => c.name === name || c.id === name)?.id ?? String(name);
  if (field.type === 'select') return id(value);
  if (field.type === 'multi_select') return Array.isArray(value) ? value.map(id) : null;
  if (field.type === 'link' && Array.isArray(value)) {
    return value.map((v): LinkRef => (typeof v === 'string' ? { id: v, name: '' } : (v as LinkRef)));
  }
  return value as CellValue;
}

export function windowRows(answer: WindowAnswer): Row[] {
  return answer.rows.map(([id, ...values]) => {
    const cells: Row['cells'] = {};
    answer.fields.forEach((field, i) => (cells[field] = values[i] ?? null));
    return { id, cells };
  });
}

/** Fields in the view's order, primary first, without the hidden ones. */
export function visibleFields(fields: readonly Field[], primary: string, config: ViewConfig): Field[] {
  const hidden = new Set(config.hidden ?? []);
  return orderedFields(fields, primary, config).filter((f) => f.id === primary || !hidden.has(f.id));
}

export function orderedFields(fields: readonly Field[], primary: string, config: ViewConfig): Field[] {
  const place = new Map((config.order ?? []).map((id, i) => [id, i]));
  const rank = (f: Field, i: number) => (f.id === primary ? -1 : (place.get(f.id) ?? 10_000 + i));
  return fields.map((f, i) => ({ f, r: rank(f, i) })).sort((a, b) => a.r - b.r).map(({ f }) => f);
}

export function toColumn(field: Field, primary: boolean, config: ViewConfig, narrow: boolean, more: { people?: readonly Person[]; grows?: boolean } = {}): Column {
  const shape = shapeOf(field);
  const stored = config.widths?.[field.id];
  const width = stored ?? (primary ? 260 : WIDTHS[field.type] ?? (shape.kind === 'text' ? 180 : WIDTHS[shape.kind as FieldType] ?? 160));
  return {
    ...shape, id: field.id, name: field.name, type: field.type, width: narrow && primary ? Math.min(width, 172) : width, readOnly: field.read_only,
    computed: CALCULATED.has(field.type), problem: field.options?.problem, description: field.description || undefined,
    grows: more.grows === true && (field.type === 'select' || field.type === 'multi_select'), people: shape.kind === 'user' || shape.of?.kind === 'user' ? more.people : undefined,
  };
}
