// Where things are: numbers only. A view's rows can be taller together than a browser can scroll (33,554,430 px in Chromium, 17.9 M in
// Firefox), so the scrolled element is capped and positions are scaled. Invariants: fromDom(toDom(y)) = y up to rounding; both ends reach both ends.

export const SPACE_CAP = 10_000_000;

/** Left edges of the columns, then the right edge of the last: n + 1 numbers. */
export function edges(widths: readonly number[], start: number): number[] {
  const out = [start];
  let x = start;
  for (const width of widths) out.push((x += width));
  return out;
}

/** Columns [first, last) that show between the frozen part and the right edge. Frozen columns are always shown and not counted here. */
export function visibleColumns(xs: readonly number[], frozen: number, scrollLeft: number, viewport: number): { first: number; last: number } {
  const count = xs.length - 1;
  const from = scrollLeft + (xs[Math.min(frozen, count)] ?? 0);
  const to = scrollLeft + viewport;
  let first = frozen;
  while (first < count && (xs[first + 1] ?? 0) <= from) first += 1;
  let last = first;
  while (last < count && (xs[last] ?? 0) < to) last += 1;
  return { first: Math.min(first, count), last: Math.max(last, Math.min(first, count)) };
}

/** scrollLeft that shows a column whole, moving as little as possible. */
export function revealColumn(xs: readonly number[], frozen: number, col: number, scrollLeft: number, viewport: number): number {
  if (col < frozen) return scrollLeft;
  const left = xs[col] ?? 0;
  const right = xs[col + 1] ?? left;
  const start = xs[frozen] ?? 0;
  if (left - scrollLeft < start) return Math.max(0, left - start);
  if (right - scrollLeft > viewport) return Math.min(right - viewport, left - start);
  return scrollLeft;
}

export interface Extent {
  /** Height of all rows, px. */
  content: number;
  /** Height in which they show, px. */
  viewport: number;
  cap: number;
}

export const space = (e: Extent): number => Math.min(e.content, Math.max(e.cap, e.viewport));
export const maxTop = (e: Extent): number => Math.max(0, e.content - e.viewport);
const maxDom = (e: Extent): number => Math.max(0, space(e) - e.viewport);
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Position of the scrolled element for a position among the rows. */
export function toDom(e: Extent, top: number): number {
  if (e.content <= e.cap) return clamp(top, 0, maxTop(e));
  return (clamp(top, 0, maxTop(e)) / maxTop(e)) * maxDom(e);
}

export function fromDom(e: Extent, dom: number): number {
  if (e.content <= e.cap) return clamp(dom, 0, maxTop(e));
  return (clamp(dom, 0, maxDom(e)) / maxDom(e)) * maxTop(e);
}

/** New position among the rows after the element moved: small steps (wheel, touch) go 1:1, a drag of the scroll bar goes in proportion. */
export function moved(e: Extent, top: number, before: number, after: number): number {
  if (e.content <= e.cap) return fromDom(e, after);
  if (after <= 0) return 0;
  if (after >= maxDom(e) - 0.5) return maxTop(e);
  const step = after - before;
  return Math.abs(step) <= e.viewport * 4 ? clamp(top + step, 0, maxTop(e)) : fromDom(e, after);
}

/** Rows [first, last) that touch the viewport. */
export function visibleRows(top: number, viewport: number, rowHeight: number, total: number): { first: number; last: number } {
  const first = clamp(Math.floor(top / rowHeight), 0, total);
  return { first, last: clamp(Math.ceil((top + viewport) / rowHeight), first, total) };
}

/** Top that shows a row whole, moving as little as possible. */
export function revealRow(top: number, viewport: number, rowHeight: number, row: number): number {
  const start = row * rowHeight;
  if (start < top) return start;
  if (start + rowHeight > top + viewport) return start + rowHeight - viewport;
  return top;
}
