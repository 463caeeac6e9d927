// Which parts of a rule a type may have.
import type { FieldType } from '../../grid/src/index.ts';
import type { Validation } from '../api/types.ts';

export type RuleKind = 'none' | 'number' | 'date' | 'datetime' | 'text' | 'other';

const CALCULATED = new Set<FieldType>(['lookup', 'rollup', 'count', 'formula', 'autonumber', 'created_time', 'modified_time', 'created_by', 'modified_by', 'button']);
const NUMBERS = new Set<FieldType>(['number', 'currency', 'percent', 'duration', 'rating', 'year']);
const TEXTS = new Set<FieldType>(['text', 'long_text', 'rich_text', 'email', 'url', 'phone', 'barcode']);

export function ruleKind(type: FieldType): RuleKind {
  if (CALCULATED.has(type)) return 'none';
  if (NUMBERS.has(type)) return 'number';
  if (TEXTS.has(type)) return 'text';
  return type === 'date' || type === 'datetime' ? type : 'other';
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
  const bounds = kind === 'number' || kind === 'date' || kind === 'datetime' ? { min, max } : {};
  const texts = kind === 'text' ? { min_length, max_length, pattern } : {};
  const all: Validation = { ...bounds, ...texts, formula, message };
  const sent = Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined && one !== null && one !== '')) as Validation;
  return hasRule(sent) ? sent : undefined;
}
