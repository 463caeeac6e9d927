// Lengths of time in seconds: shown and copied as 1:30:00, read also as 1:30 (hours and minutes), 90 (seconds), "1h 30m".
import { type CellKind, bad, good } from './kind.ts';

export function formatDuration(seconds: number): string {
  const size = Math.round(Math.abs(seconds) * 1e6) / 1e6;
  const whole = Math.trunc(size);
  const two = (n: number) => String(n).padStart(2, '0');
  const rest = Number((size - whole).toFixed(6));
  const fraction = rest > 0 ? String(rest).replace(/^0/, '') : '';
  return `${seconds < 0 ? '-' : ''}${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${fraction}`;
}

const UNITS: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

export function parseDuration(raw: string): number | undefined {
  const text = raw.trim().toLowerCase().replace('\u2212', '-');
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = text.replace(/^[-+]/, '').trim();
  if (/^\d+(\.\d+)?$/.test(bare)) return sign * Number(bare);
  const clock = /^(\d+):([0-5]?\d)(?::([0-5]?\d(?:\.\d+)?))?$/.exec(bare);
  if (clock) return sign * Number((Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)).toFixed(6));
  const words = /^(?:\d+(?:\.\d+)?\s*(?:d|days?|h|hours?|hrs?|m|min|minutes?|s|sec|seconds?)\s*)+$/.test(bare) ? [...bare.matchAll(/(\d+(?:\.\d+)?)\s*([dhms])[a-z]*/g)] : [];
  if (words.length === 0) return undefined;
  return sign * words.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? 's'] ?? 1), 0);
}

export const duration: CellKind = {
  end: true,
  editor: 'input',
  show: (value) => (typeof value === 'number' ? formatDuration(value) : ''),
  toText(value) {
    if (typeof value !== 'number') return '';
    const text = formatDuration(value);
    return parseDuration(text) === value ? text : String(value);
  },
  fromText(raw) {
    const value = parseDuration(raw);
    return value === undefined ? bad(`“${raw}” is not a duration; write 1:30:00`) : good(value);
  },
};
