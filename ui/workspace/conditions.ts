// Filters as the person builds them: which comparisons a field type has, which value they take, and what of a half-built filter can be sent.
import type { Kind } from '../grid/src/index.ts';
import type { Condition, Field, Op, Relative, TableInfo, Where } from './api/types.ts';
import { shapeOf } from './values.ts';

/** `number`: anything that is stored as one, in the words of its kind (25 %, 1:30:00). */
export type Needs = 'none' | 'text' | 'number' | 'date' | 'choice' | 'choices' | 'person' | 'people' | 'bool' | 'time' | 'filetype';
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
const codes: OpInfo[] = [
  { op: 'is', label: 'is', needs: 'text' },
  { op: 'is_not', label: 'is not', needs: 'text' },
  { op: 'starts_with', label: 'starts with', needs: 'text' },
  { op: 'contains', label: 'contains', needs: 'text' },
  ...empty,
];
const files: OpInfo[] = [
  { op: 'contains', label: 'has a name with', needs: 'text' },
  { op: 'does_not_contain', label: 'has no name with', needs: 'text' },
  { op: 'has_file_type', label: 'has a file of type', needs: 'filetype' },
  ...empty,
];
const temporal: OpInfo[] = [
  { op: 'on', label: 'is', needs: 'date' },
  { op: 'is_not', label: 'is not', needs: 'date' },
  { op: 'before', label: 'is before', needs: 'date' },
  { op: 'after', label: 'is after', needs: 'date' },
  { op: 'gte', label: 'is on or after', needs: 'date' },
  { op: 'lte', label: 'is on or before', needs: 'date' },
  ...empty,
];
const numeric: OpInfo[] = [
  { op: 'is', label: 'is', needs: 'number' },
  { op: 'is_not', label: 'is not', needs: 'number' },
  { op: 'gt', label: 'is more than', needs: 'number' },
  { op: 'gte', label: 'is at least', needs: 'number' },
  { op: 'lt', label: 'is less than', needs: 'number' },
  { op: 'lte', label: 'is at most', needs: 'number' },
  ...empty,
];
const clock: OpInfo[] = [
  { op: 'is', label: 'is', needs: 'time' },
  { op: 'is_not', label: 'is not', needs: 'time' },
  { op: 'lt', label: 'is before', needs: 'time' },
  { op: 'gt', label: 'is after', needs: 'time' },
  { op: 'gte', label: 'is at or after', needs: 'time' },
  { op: 'lte', label: 'is at or before', needs: 'time' },
  ...empty,
];
const several = (needs: 'choices' | 'people'): OpInfo[] => [
  { op: 'is_any_of', label: 'has any of', needs },
  { op: 'is_all_of', label: 'has all of', needs },
  { op: 'is_none_of', label: 'has none of', needs },
  { op: 'is', label: 'is exactly', needs },
  { op: 'is_not', label: 'is not exactly', needs },
  ...empty,
];
const one = (single: 'choice' | 'person', list: 'choices' | 'people'): OpInfo[] => [
  { op: 'is', label: 'is', needs: single },
  { op: 'is_not', label: 'is not', needs: single },
  { op: 'is_any_of', label: 'is any of', needs: list },
  { op: 'is_none_of', label: 'is none of', needs: list },
  ...empty,
];

const table: Record<Kind, OpInfo[]> = {
  text: textual, long_text: textual, rich_text: textual, email: textual, url: textual, phone: textual, barcode: textual, json: textual, uuid: codes, colour: codes, geo: codes,
  number: numeric, currency: numeric, percent: numeric, duration: numeric, rating: numeric, year: numeric, time: clock,
  checkbox: [{ op: 'is', label: 'is', needs: 'bool' }],
  date: temporal, datetime: temporal,
  select: one('choice', 'choices'), multi_select: several('choices'), user: one('person', 'people'),
  attachment: files, signature: empty, link: textual, list: textual, button: empty,
};

export function opsOf(field: Field): OpInfo[] {
  const shape = shapeOf(field);
  return shape.kind === 'user' && shape.many ? several('people') : table[shape.kind];
}
export const opInfo = (field: Field, op: Op): OpInfo => opsOf(field).find((o) => o.op === op) ?? (opsOf(field)[0] as OpInfo);

/** Days counted from today, as they are offered; `n`: with a number. */
export const RELATIVE: { name: string; label: string; n?: 'days' | 'weeks' }[] = [
  { name: 'today', label: 'today' }, { name: 'yesterday', label: 'yesterday' }, { name: 'tomorrow', label: 'tomorrow' },
  { name: 'this_week', label: 'this week' }, { name: 'last_week', label: 'last week' }, { name: 'next_week', label: 'next week' },
  { name: 'this_month', label: 'this month' }, { name: 'last_month', label: 'last month' }, { name: 'next_month', label: 'next month' },
  { name: 'this_quarter', label: 'this quarter' }, { name: 'last_quarter', label: 'last quarter' }, { name: 'next_quarter', label: 'next quarter' },
  { name: 'this_year', label: 'this year' }, { name: 'last_year', label: 'last year' }, { name: 'next_year', label: 'next year' }, { name: 'year_to_date', label: 'this year until today' },
  { name: 'last_days', label: 'the last … days', n: 'days' }, { name: 'next_days', label: 'the next … days', n: 'days' },
  { name: 'days_ago', label: '… days ago', n: 'days' }, { name: 'days_ahead', label: 'in … days', n: 'days' },
  { name: 'last_weeks', label: 'the last … weeks', n: 'weeks' }, { name: 'next_weeks', label: 'the next … weeks', n: 'weeks' },
];
export const isRelative = (value: Condition['value']): value is Relative => typeof value === 'object' && !Array.isArray(value) && 'relative' in value;

export const isGroup = (where: Where): where is { and: Where[] } | { or: Where[] } => 'and' in where || 'or' in where;
export const partsOf = (where: Where): Where[] => ('and' in where ? where.and : 'or' in where ? where.or : [where]);
export const joinOf = (where: Where): 'and' | 'or' => ('or' in where ? 'or' : 'and');
export const group = (join: 'and' | 'or', parts: Where[]): Where => (join === 'or' ? { or: parts } : { and: parts });

/** A first condition for a field: its first comparison, without a value. */
export const freshCondition = (field: Field): Condition => ({ field: field.id, op: (opsOf(field)[0] as OpInfo).op, ...(opsOf(field)[0]?.needs === 'bool' ? { value: true } : {}) });

/** The same condition for another field or comparison; the value stays if it still fits. */
export function retarget(condition: Condition, field: Field, op: Op = condition.op): Condition {
  const info = opInfo(field, op);
  const next: Condition = { field: field.id, op: info.op };
  const fits = fitsNeed(condition.value, info.needs) && (field.id === condition.field || info.needs === 'text' || info.needs === 'number' || info.needs === 'date');
  if (fits) next.value = condition.value;
  else if (info.needs === 'bool') next.value = true;
  return next;
}

function fitsNeed(value: Condition['value'], needs: Needs): boolean {
  switch (needs) {
    case 'none': return false;
    case 'number': return typeof value === 'number';
    case 'bool': return typeof value === 'boolean';
    case 'choices': case 'people': return Array.isArray(value);
    case 'date': return typeof value === 'string' || (isRelative(value) && RELATIVE.some((day) => day.name === value.relative && (!day.n || typeof value.n === 'number')));
    case 'text': case 'choice': case 'person': case 'time': case 'filetype': return typeof value === 'string';
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
