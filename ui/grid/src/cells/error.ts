// A calculated cell that failed: a few words in the cell, the reason where the pointer rests.
import { drawIcon } from '../view/icon.ts';

const REASONS: Record<string, [string, string]> = {
  divide_by_zero: ['Divided by zero', 'A number is divided by zero.'],
  out_of_range: ['Out of range', 'The result is too large, too small or not defined.'],
  convert: ['Not readable', 'A text can’t be read as a number or a date.'],
  argument: ['Wrong value', 'A function got a value that it can’t use.'],
  too_long: ['Too long', 'The text would be too long.'],
  too_many: ['Too many', 'The list would have too many values.'],
  bad_pattern: ['Wrong pattern', 'The regular expression can’t be read, or is too large.'],
  error: ['Error', 'The formula says that this is an error.'],
  budget: ['Too much work', 'The calculation takes too much time or memory.'],
  type: ['Wrong type', 'A field holds a value of another type.'],
};

export const errorWords = (code: string): string => REASONS[code]?.[0] ?? code.replaceAll('_', ' ');
export const errorReason = (code: string): string => REASONS[code]?.[1] ?? `The value could not be calculated (${code}).`;

export function paintError(cell: HTMLElement, code: string): void {
  const out = document.createElement('span');
  out.className = 'g-err';
  out.append(drawIcon('triangle-alert'), errorWords(code));
  cell.title = errorReason(code);
  cell.replaceChildren(out);
}
