// What a fill writes: the top row again (Ctrl+D), or the series that the source suggests (drag of the handle).
import type { CellValue, Kind } from './types.ts';

/** Kinds that count on. */
const NUMERIC = new Set<Kind>(['number', 'currency', 'percent', 'duration', 'year']);

/** Values for `count` cells after `source`: numbers and days that change by one constant step go on, everything else repeats. */
export function series(kind: Kind, source: readonly CellValue[], count: number): CellValue[] {
  const next = continuation(kind, source);
  return Array.from({ length: count }, (_, i) => (next ? next(i + 1) : (source[i % source.length] ?? null)));
}

function continuation(kind: Kind, source: readonly CellValue[]): ((n: number) => CellValue) | undefined {
  if (source.length < 2) return undefined;
  if (NUMERIC.has(kind) && source.every((v) => typeof v === 'number')) {
    const numbers = source as number[];
    const step = constantStep(numbers);
    const last = numbers.at(-1) ?? 0;
    return step === undefined ? undefined : (n) => Number((last + step * n).toPrecision(15));
  }
  if (kind === 'date' && source.every((v) => typeof v === 'string')) {
    const days = source.map((v) => Date.parse(`${String(v)}T00:00:00Z`) / 86_400_000);
    const step = constantStep(days);
    const last = days.at(-1) ?? 0;
    return step === undefined ? undefined : (n) => new Date((last + step * n) * 86_400_000).toISOString().slice(0, 10);
  }
  return undefined;
}

function constantStep(values: readonly number[]): number | undefined {
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const even = values.every((v, i) => i === 0 || Math.abs(v - (values[i - 1] ?? 0) - step) < 1e-9);
  return even && Number.isFinite(step) ? step : undefined;
}
