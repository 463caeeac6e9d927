// A button that opens a web address which the record makes. Only http and https are opened, in a page that can't reach back.
import type { ButtonValue, CellValue } from '../types.ts';
import { type CellKind, calculated } from './kind.ts';
import { safeUrl } from './url.ts';

export function buttonOf(value: CellValue): ButtonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { label, url } = value as Partial<ButtonValue>;
  return typeof label === 'string' && typeof url === 'string' ? { label, url } : undefined;
}

/** Opens what a button holds; false if it is no web address. */
export function press(value: CellValue): boolean {
  const href = safeUrl(buttonOf(value)?.url);
  if (href) open(href, '_blank', 'noopener,noreferrer');
  return href !== undefined;
}

export const button: CellKind = {
  editor: 'none',
  show: (value) => buttonOf(value)?.label ?? '',
  paint(cell, value) {
    const held = buttonOf(value);
    const href = safeUrl(held?.url);
    const out = document.createElement(href ? 'a' : 'span');
    out.className = 'g-button';
    out.textContent = held?.label ?? '';
    if (out instanceof HTMLAnchorElement && href) {
      out.href = href;
      out.target = '_blank';
      out.rel = 'noopener noreferrer';
      out.tabIndex = -1;
      out.title = href;
    } else out.title = 'Its formula does not give a web address';
    cell.replaceChildren(out);
  },
  toText: (value) => buttonOf(value)?.url ?? '',
  fromText: calculated,
};
