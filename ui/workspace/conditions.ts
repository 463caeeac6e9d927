// Filters as the person builds them: which comparisons a field type has, which value they take, and what of a half-built filter can be sent.
import type { Kind } from '../grid/src/index.ts';
import type { Condition, Field, Op, TableInfo, Where } from './api/types.ts';

export type Needs = 'none' | 'text' | 'number' | 'date' | 'choice' | 'choices' | 'bool';
export interface OpInfo {
  op: Op;
  label: string;
  needs: Needs;
}

const empty: OpInfo[] = [
  { op: 'is_empty', label: 'is empty', needs: 'none' },
  { op: 'is_not_empty', label: 'is not empty', needs: 'none' },
];
const textual: OpInfo[] = [
  { op: 'contains', label: 'contains', needs: 'text' },
  { op: 'does_not_contain', label: 'does not contain', needs: 'text' },
  { op: 'is', label: 'is', needs: 'text' },
  { op: 'is_not', label: 'is not', needs: 'text' },
  { op: 'starts_with', label: 'starts with', needs: 'text' },
  ...empty,
];
const temporal: OpInfo[] = [
  { op: 'on', label: 'is on', needs: 'date' },
  { op: 'before', label: 'is before', needs: 'date' },
  { op: 'after', label: 'is after', needs: 'date' },
  ...empty,
];

const table: Record<Kind, OpInfo[]> = {
  text: textual, long_text: textual, email: textual, url: textual,
  number: [
    { op: 'is', label: 'is', needs: 'number' },
    { op: 'is_not', label: 'is not', needs: 'number' },
    { op: 'gt', label: 'is more than', needs: 'number' },
    { op: 'gte', label: 'is at least', needs: 'number' },
    { op: 'lt', label: 'is less than', needs: 'number' },
    { op: 'lte', label: 'is at most', needs: 'number' },
    ...empty,
  ],
  checkbox: [{ op: 'is', label: 'is', needs: 'bool' }],
  date: temporal,
  datetime: temporal,
  select: [
    { op: 'is', label: 'is', needs: 'choice' },
    { op: 'is_not', label: 'is not', needs: 'choice' },
    { op: 'is_any_of', label: 'is any of', needs: 'choices' },
    { op: 'is_none_of', label: 'is none of', needs: 'choices' },
    ...empty,
  ],
  link: [
    { op: 'contains', label: 'contains', needs: 'text' },
    { op: 'does_not_contain', label: 'does not contain', needs: 'text' },
    ...empty,
  ],
};

export const opsOf = (field: Field): OpInfo[] => table[field.type] ?? empty;
export const opInfo = (field: Field, op: Op): OpInfo => opsOf(field).find((o) => o.op === op) ?? (opsOf(field)[0] as OpInfo);

export const isGroup = (where: Where): where is { and: Where[] } | { or: Where[] } => 'and' in where || 'or' in where;
export const partsOf = (where: Where): Where[] => ('and' in where ? where.and : 'or' in where ? where.or : [where]);
export const joinOf = (where: Where): 'and' | 'or' => ('or' in where ? 'or' : 'and');
export const group = (join: 'and' | 'or', parts: Where[]): Where => (join === 'or' ? { or: parts } : { and: parts });

/** A first condition for a field: its first comparison, without a value. */
export const freshCondition = (field: Field): Condition => ({ field: field.id, op: (opsOf(field)[0] as OpInfo).op, ...(field.type === 'checkbox' ? { value: true } : {}) });

/** The same condition for another field or comparison; the value stays if it still fits. */
export function retarget(condition: Condition, field: Field, op: Op = condition.op): Condition {
  const info = opInfo(field, op);
  const next: Condition = { field: field.id, op: info.op };
  const fits = fitsNeed(condition.value, info.needs) && (field.id === condition.field || info.needs === 'text' || info.needs === 'number');
  if (fits) next.value = condition.value;
  else if (info.needs === 'bool') next.value = true;
  return next;
}

function fitsNeed(value: Condition['value'], needs: Needs): boolean {
  switch (needs) {
    case 'none': return false;
    case 'number': return typeof value === 'number';
    case 'bool': return typeof value === 'boolean';
    case 'choices': return Array.isArray(value);
    case 'text': case 'date': case 'choice': return typeof value === 'string';
  }
}

/** What can be sent: conditions without a value and empty groups fall away; null when nothing is left. */
export function complete(where: Where | null | undefined, fields: TableInfo['fields']): Where | null {
  if (!where) return null;
  if (isGroup(where)) {
    const parts = partsOf(where).map((part) => complete(part, fields)).filter((part): part is Where => part !== null);
    return parts.length === 0 ? null : group(joinOf(where), parts);
  }
  const field = fields.find((f) => f.id === where.field);
  if (!field) return null;
  const { needs } = opInfo(field, where.op);
  if (needs === 'none') return { field: where.field, op: where.op };
  const ok = fitsNeed(where.value, needs) && where.value !== '' && !(Array.isArray(where.value) && where.value.length === 0);
  return ok ? where : null;
}

export function countConditions(where: Where | null | undefined): number {
  if (!where) return 0;
  return isGroup(where) ? partsOf(where).reduce((sum, part) => sum + countConditions(part), 0) : 1;
}
