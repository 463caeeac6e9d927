// Moments of a base as texts and as what a date field takes.

/** A version by its number, a time as people write it. */
export function momentText(moment: string): string {
  if (/^\d+$/.test(moment)) return `version ${Number(moment).toLocaleString()}`;
  const time = new Date(moment);
  return Number.isNaN(time.getTime()) ? moment : time.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** A time as `<input type="datetime-local">` has it: to the second, where the person is. */
export function localTime(time: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** What was put into such a field, as the API takes it; undefined for what is no time. */
export function momentOf(local: string): string | undefined {
  const time = new Date(local);
  return local === '' || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
