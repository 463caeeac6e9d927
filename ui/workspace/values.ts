// Cell values to and from what /v1/records takes: choices by name, links by id (by name where a pasted name has no id yet).
import { type CellValue, type Column, type LinkRef, type Row } from '../grid/src/index.ts';
import type { Field, RecordAnswer, ViewConfig, WindowAnswer } from './api/types.ts';

const WIDTHS: Record<Field['type'], number> = { text: 200, long_text: 240, number: 120, checkbox: 96, date: 130, datetime: 180, select: 150, email: 200, url: 190, link: 200 };

export function toApi(value: CellValue, field: Field): unknown {
  if (field.type === 'select') return field.options?.choices?.find((c) => c.id === value)?.name ?? value;
  if (field.type === 'link') return Array.isArray(value) ? value.map((ref) => ref.id || ref.name) : [];
  return value;
}

export const needsTypecast = (value: CellValue): boolean => Array.isArray(value) && value.some((ref) => ref.id === '');

/** A record by field ids, as /v1/records?keys=id answers it, as cells. Choices come by name, links as ids or as {id, name}. */
export function toRow(record: RecordAnswer, fields: readonly Field[]): Row {
  const cells: Row['cells'] = {};
  for (const field of fields) cells[field.id] = fromApi(record.fields[field.id], field);
  return { id: record.id, cells };
}

function fromApi(value: unknown, field: Field): CellValue {
  if (value === undefined || value === null) return null;
  if (field.type === 'select') {
    const choice = field.options?.choices?.find((c) => c.name === value || c.id === value);
    return choice?.id ?? String(value);
  }
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

export function toColumn(field: Field, primary: boolean, config: ViewConfig, narrow: boolean): Column {
  const stored = config.widths?.[field.id];
  const width = stored ?? (primary ? 260 : WIDTHS[field.type] ?? 160);
  return {
    id: field.id, name: field.name, kind: field.type, width: narrow && primary ? Math.min(width, 172) : width, readOnly: field.read_only,
    precision: field.options?.precision, choices: field.options?.choices, zone: field.options?.zone, description: field.description ?? undefined,
  };
}
