// Stars. A digit sets them, Space adds one and starts again after the last, a press on a star sets as many, on the last one set none.
import type { Shape } from '../types.ts';
import { drawIcon } from '../view/icon.ts';
import { type CellKind, bad, good } from './kind.ts';

export const starsOf = (shape: Pick<Shape, 'max'>): number => Math.min(10, Math.max(1, shape.max ?? 5));

/** One star more; none after the last. */
export const nextRating = (value: unknown, shape: Pick<Shape, 'max'>): number | null => {
  const now = typeof value === 'number' ? value : 0;
  return now >= starsOf(shape) ? null : now + 1;
};

export const rating: CellKind = {
  editor: 'rate',
  inputMode: 'numeric',
  show: (value, shape) => (typeof value === 'number' ? `${value} of ${starsOf(shape)}` : ''),
  paint(cell, value, shape) {
    const count = typeof value === 'number' ? value : 0;
    const stars = document.createElement('span');
    stars.className = 'stars';
    stars.setAttribute('role', 'img');
    stars.setAttribute('aria-label', `${count} of ${starsOf(shape)} stars`);
    for (let i = 1; i <= starsOf(shape); i += 1) {
      const star = drawIcon('star');
      star.classList.toggle('on', i <= count);
      star.dataset.star = String(i);
      stars.append(star);
    }
    cell.replaceChildren(stars);
  },
  toText: (value) => (typeof value === 'number' ? String(value) : ''),
  fromText(raw, column) {
    const text = raw.trim();
    const value = /^★+☆*$/.test(text) ? text.replaceAll('☆', '').length : Number(text.replace(/\s*(\/|of)\s*\d+$/, ''));
    const max = starsOf(column);
    if (value === 0) return good(null);
    return Number.isInteger(value) && value >= 1 && value <= max ? good(value) : bad(`A rating is a whole number from 1 to ${max}`);
  },
};
