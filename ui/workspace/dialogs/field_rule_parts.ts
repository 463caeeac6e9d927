// Which parts of a rule a type may have.
import type { FieldType } from '../../grid/src/index.ts';
import type { Validation } from '../api/types.ts';

export type RuleKind = 'none' | 'number' | 'date' | 'datetime' | 'time' | 'text' | 'other';

const CALCULATED = new Set<FieldType>(['lookup', 'rollup', 'count', 'formula', 'autonumber', 'created_time', 'modified_time', 'created_by', 'modified_by', 'button']);
const NUMBERS = new Set<FieldType>(['number', 'currency', 'percent', 'duration', 'rating', 'year']);
const TEXTS = new Set<FieldType>(['text', 'long_text', 'rich_text', 'email', 'url', 'phone', 'barcode', 'json', 'uuid', 'colour', 'geo']);

export function ruleKind(type: FieldType): RuleKind {
  if (CALCULATED.has(type)) return 'none';
  if (NUMBERS.has(type)) return 'number';
  if (TEXTS.has(type)) return 'text';
  return type === 'date' || type === 'datetime' || type === 'time' ? type : 'other';
}

/** Whether a bound is one for values of this kind: another type's is none. */
function fits(kind: RuleKind, bound: number | string | undefined): boolean {
  switch (kind) {
    case 'number': return typeof bound === 'number';
    case 'date': return typeof bound === 'string' && /^\d{4}-\d\d-\d\d$/.test(bound);
    case 'datetime': return typeof bound === 'string' && bound.includes('T');
    // Set over the API alone, and kept as it is.
    case 'time': return bound !== undefined;
    default: return false;
  }
}

/** A bound as somebody enters it; nothing for what is none. */
export function boundOf(kind: 'number' | 'date' | 'datetime', text: string): number | string | undefined {
  if (text.trim() === '') return undefined;
  if (kind === 'date') return text;
  const at = kind === 'number' ? Number(text) : new Date(text).getTime();
  if (!Number.isFinite(at)) return undefined;
  return kind === 'number' ? at : new Date(at).toISOString();
}

/** Whether a part of the rule that was is not in the one that will be. */
export function losesRule(before: Validation | undefined, after: Validation | undefined): boolean {
  if (!before || !hasRule(before)) return false;
  const { message: _message, problem: _problem, ...asked } = before;
  return Object.entries(asked).some(([part, value]) => hasRule({ [part]: value }) && !hasRule({ [part]: after?.[part as keyof Validation] }));
}

/** Whether anything is asked. */
export function hasRule(rule: Validation): boolean {
  const { message: _message, problem: _problem, ...asked } = rule;
  return Object.values(asked).some((one) => one !== undefined && one !== null && one !== '');
}

/** The parts of a rule that the type may have; undefined if nothing is asked. */
export function sentRule(type: FieldType, rule: Validation | undefined): Validation | undefined {
  const kind = ruleKind(type);
  if (!rule || kind === 'none') return undefined;
  const { min, max, min_length, max_length, pattern, formula, message } = rule;
  const bounds: Validation = { ...(fits(kind, min) ? { min } : {}), ...(fits(kind, max) ? { max } : {}) };
  const texts = kind === 'text' ? { min_length, max_length, pattern } : {};
  const all: Validation = { ...bounds, ...texts, formula, message };
  const sent = Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined && one !== null && one !== '')) as Validation;
  return hasRule(sent) ? sent : undefined;
}
