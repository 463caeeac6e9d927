// A web address. One without a scheme is stored as https; only http and https are opened.
import type { CellValue } from '../types.ts';
import { type CellKind, bad, good, paintText, textOf } from './kind.ts';

/** The address to open, or undefined for anything that is not the web (javascript:, data: …). */
export function safeUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol } = new URL(value);
  return protocol === 'http:' || protocol === 'https:' ? value : undefined;
}

const shortUrl = (value: CellValue): string => textOf(value).replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '');

export const url: CellKind = {
  editor: 'input',
  inputMode: 'url',
  show: shortUrl,
  paint(cell, value) {
    const text = shortUrl(value);
    const href = safeUrl(value);
    if (!href) {
      paintText(cell, text);
      return;
    }
    const link = document.createElement('a');
    link.href = href;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.tabIndex = -1;
    link.textContent = text;
    cell.replaceChildren(link);
  },
  toText: textOf,
  fromText(raw) {
    const text = raw.trim();
    const full = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]+:\d/.test(text) ? text : `https://${text}`;
    return safeUrl(full) && /^[^\s]+$/.test(text) && /[.:]|localhost/.test(text) ? good(full) : bad(`“${raw}” is not a web address`);
  },
};
