// Days without a time: "2026-11-21" in data and clipboard, the person's locale on the screen.
import { type CellKind, bad, good, textOf } from './kind.ts';

const shown = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
/** Does the locale write the day before the month in 3/4/2026? */
const dayFirst = (() => {
  const parts = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'numeric' }).formatToParts(new Date(2026, 0, 2));
  return parts.findIndex((p) => p.type === 'day') < parts.findIndex((p) => p.type === 'month');
})();

export function formatDate(value: string): string {
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(time) ? value : shown.format(time);
}

function day(year: number, month: number, date: number): string | undefined {
  const full = year < 100 ? (year < 70 ? 2000 + year : 1900 + year) : year;
  const time = new Date(Date.UTC(full, month - 1, date));
  const real = time.getUTCFullYear() === full && time.getUTCMonth() === month - 1 && time.getUTCDate() === date;
  return real ? time.toISOString().slice(0, 10) : undefined;
}

/** ISO, 21.11.2026, 21/11/2026 or 11/21/2026 by locale (the only possible reading wins), "21 Nov 2026". */
export function parseDate(raw: string, preferDayFirst = dayFirst): string | undefined {
  const text = raw.trim();
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/.exec(text);
  if (iso) return day(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const dots = /^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{2}|\d{4})$/.exec(text);
  if (dots) return day(Number(dots[3]), Number(dots[2]), Number(dots[1]));
  const slashes = /^(\d{1,2})[/-](\d{1,2})[/-](\d{2}|\d{4})$/.exec(text);
  if (slashes) {
    const [a, b, y] = [Number(slashes[1]), Number(slashes[2]), Number(slashes[3])];
    const readings = preferDayFirst ? [day(y, b, a), day(y, a, b)] : [day(y, a, b), day(y, b, a)];
    return readings[0] ?? readings[1];
  }
  if (!/[a-zäöüéû]{3}/i.test(text) || !/\d{4}/.test(text)) return undefined;
  const time = new Date(`${text} UTC`);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().slice(0, 10);
}

export const date: CellKind = {
  editor: 'date',
  show: (value) => formatDate(textOf(value)),
  toText: textOf,
  fromText(raw) {
    const value = parseDate(raw);
    return value ? good(value) : bad(`“${raw}” is not a date`);
  },
};
