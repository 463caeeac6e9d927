// The text side of the formula editor: which word stands before the caret, what it may become, and the text with that put in.
import { kindIcon } from '../../grid/src/index.ts';
import type { IconName } from '../../icons/icons.ts';
import type { Field } from '../api/types.ts';
import type { FunctionInfo } from './functions.ts';

export interface Word {
  /** Where it begins, with its brace if it has one. */
  start: number;
  text: string;
  /** Within braces only fields are offered. */
  braced: boolean;
}

export interface Suggestion {
  kind: 'field' | 'function';
  name: string;
  about: string;
  icon: IconName;
}

const OFFERED = 8;

/** The name that is being typed before the caret; nothing within a text in quotes. */
export function completeAt(source: string, caret: number): Word | undefined {
  let quote = '';
  let brace = -1;
  for (let i = 0; i < caret; i += 1) {
    const c = source[i] ?? '';
    if (quote) {
      if (c === '\\') i += 1;
      else if (c === quote) quote = '';
    } else if (brace >= 0) {
      if (c === '\\') i += 1;
      else if (c === '}') brace = -1;
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '{') brace = i;
  }
  if (quote) return undefined;
  if (brace >= 0) return { start: brace, text: source.slice(brace + 1, caret), braced: true };
  const word = /[\p{L}_][\p{L}\p{N}_]*$/u.exec(source.slice(0, caret))?.[0];
  return word ? { start: caret - word.length, text: word, braced: false } : undefined;
}

/** What the word may become: names that begin with it, then names that contain it. */
export function suggest(word: Word, fields: readonly Field[], functions: readonly FunctionInfo[]): Suggestion[] {
  const wanted = word.text.toLocaleLowerCase();
  const all: Suggestion[] = [
    ...fields.map((field): Suggestion => ({ kind: 'field', name: field.name, about: 'Field', icon: kindIcon[field.type] })),
    ...(word.braced ? [] : functions.map((one): Suggestion => ({ kind: 'function', name: one.name, about: one.about, icon: 'variable' }))),
  ];
  const rank = (one: Suggestion) => {
    const name = one.name.toLocaleLowerCase();
    return name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : 2;
  };
  return all.map((one) => ({ one, r: rank(one) })).filter(({ r }) => r < 2).sort((a, b) => a.r - b.r || Number(a.one.kind === 'function') - Number(b.one.kind === 'function')).slice(0, OFFERED).map(({ one }) => one);
}

/** The text with the suggestion from `start` to the caret: a field in braces, a function with its parenthesis open. */
export function insertAt(source: string, start: number, caret: number, one: Suggestion): { text: string; caret: number } {
  const rest = source.slice(caret);
  const put = one.kind === 'field' ? `{${one.name.replace(/[\\}]/g, '\\$&')}}` : `${one.name}(`;
  const cut = one.kind === 'field' && rest.startsWith('}') && source[start] === '{' ? 1 : one.kind === 'function' && rest.startsWith('(') ? 1 : 0;
  return { text: source.slice(0, start) + put + rest.slice(cut), caret: start + put.length };
}
