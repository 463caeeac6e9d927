// A time of the day: "10:30" or "10:30:15" in data and clipboard, the person's locale on the screen. Of midnight's seconds where it is a total.
import type { CellValue } from '../types.ts';
import { formatDuration } from './duration.ts';
import { type CellKind, bad, good } from './kind.ts';

const short = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const long = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC' });

/** "9:30 pm", "21:30", "9pm", "7.45"; undefined for anything else. */
export function parseTime(raw: string): string | undefined {
  const found = /^(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s*([ap])?\.?(?:m\.?)?$/i.exec(raw.trim());
  if (!found || (found[2] === undefined && found[4] === undefined)) return undefined;
  let hour = Number(found[1]);
  if (found[4]) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (found[4].toLowerCase() === 'p' ? 12 : 0);
  }
  const [minute, second] = [Number(found[2] ?? 0), Number(found[3] ?? 0)];
  if (hour > 23 || minute > 59 || second >= 60) return undefined;
  return clockText(hour * 3600 + minute * 60 + second);
}

export function clockText(seconds: number): string {
  const text = formatDuration(seconds).padStart(8, '0');
  const padded = /^\d:/.test(text) ? `0${text}` : text;
  return /^\d\d:\d\d:00$/.test(padded) ? padded.slice(0, 5) : padded;
}

export function formatTime(value: CellValue): string {
  const text = typeof value === 'number' ? clockText(value) : typeof value === 'string' ? value : '';
  const at = Date.parse(`1970-01-01T${text.length === 5 ? `${text}:00` : text}Z`);
  return Number.isNaN(at) ? text : (text.length === 5 ? short : long).format(at);
}

export const time: CellKind = {
  editor: 'time',
  show: formatTime,
  toText: (value) => (typeof value === 'number' ? clockText(value) : typeof value === 'string' ? value : ''),
  fromText(raw) {
    const value = parseTime(raw);
    return value ? good(value) : bad(`“${raw}” is not a time of the day; write 10:30`);
  },
};
