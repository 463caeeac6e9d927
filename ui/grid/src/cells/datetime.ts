// A moment: RFC 3339 in UTC in data and clipboard, shown in the field's zone or the person's own.
import { parseDate } from './date.ts';
import { type CellKind, bad, good, textOf } from './kind.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

export function formatDateTime(value: string, zone: string | undefined): string {
  const time = Date.parse(value);
  if (Number.isNaN(time)) return value;
  const key = zone ?? '';
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: zone || undefined });
    formats.set(key, format);
  }
  return format.format(time);
}

/** Wall-clock fields of a moment in a zone, "YYYY-MM-DDTHH:MM", as <input type=datetime-local> wants them. */
export function toLocal(value: string, zone: string | undefined): string {
  const time = Date.parse(value);
  if (Number.isNaN(time)) return '';
  const parts = new Intl.DateTimeFormat('en-CA', {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone || undefined,
  }).formatToParts(time);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/** The moment of a wall-clock time in a zone; in the hour that a clock change skips or repeats, the offset before the change counts. */
export function fromLocal(local: string, zone: string | undefined): string | undefined {
  const wall = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`);
  if (Number.isNaN(wall)) return undefined;
  let time = wall;
  for (let i = 0; i < 2; i += 1) {
    const seen = Date.parse(`${toLocal(new Date(time).toISOString(), zone)}:00Z`);
    time += wall - (seen + (wall % 60_000));
  }
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

export const datetime: CellKind = {
  editor: 'datetime',
  show: (value, shape) => formatDateTime(textOf(value), shape.zone),
  toText: textOf,
  fromText(raw, column) {
    const text = raw.trim();
    if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/i.test(text)) {
      const time = Date.parse(text.replace(' ', 'T'));
      if (!Number.isNaN(time)) return good(new Date(time).toISOString().replace('.000Z', 'Z'));
    }
    const clock = /^(.*?)[ ,T]+(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?\s*([ap]m)?$/i.exec(text);
    const day = parseDate(clock?.[1] ?? text);
    let hour = Number(clock?.[2] ?? 0);
    if (clock?.[4]) hour = (hour % 12) + (clock[4].toLowerCase() === 'pm' ? 12 : 0);
    const value = day && hour < 24 ? fromLocal(`${day}T${String(hour).padStart(2, '0')}:${clock?.[3] ?? '00'}`, column.zone) : undefined;
    return value ? good(value) : bad(`“${raw}” is not a date with a time`);
  },
};
