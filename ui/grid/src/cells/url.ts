// A web address. One without a scheme is stored as https; only http and https are opened.
import { type CellKind, bad, good, paintText } from './kind.ts';

/** The address to open, or undefined for anything that is not the web (javascript:, data: …). */
export function safeUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol } = new URL(value);
  return protocol === 'http:' || protocol === 'https:' ? value : undefined;
}

export const url: CellKind = {
  editor: 'input',
  inputMode: 'url',
  paint(cell, value) {
    const text = typeof value === 'string' ? value.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '') : '';
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
  toText: (value) => (typeof value === 'string' ? value : ''),
  fromText(raw) {
    const text = raw.trim();
    const full = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]+:\d/.test(text) ? text : `https://${text}`;
    return safeUrl(full) && /^[^\s]+$/.test(text) && /[.:]|localhost/.test(text) ? good(full) : bad(`“${raw}” is not a web address`);
  },
};
