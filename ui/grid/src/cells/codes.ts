// Texts with a form of their own: telephone numbers, barcodes, UUIDs, colours, points on the earth; and Markdown, shown without its marks.
import type { CellValue } from '../types.ts';
import { type CellKind, bad, good, textOf } from './kind.ts';
import { longText } from './long_text.ts';
import { oneLine } from './text.ts';

export const phone: CellKind = {
  editor: 'input',
  inputMode: 'tel',
  show: textOf,
  toText: textOf,
  fromText(raw) {
    const text = oneLine(raw).trim().replace(/^tel:/i, '');
    return /\d/.test(text) ? good(text) : bad(`“${raw}” is not a telephone number`);
  },
};

export const barcode: CellKind = {
  editor: 'input',
  show: textOf,
  toText: textOf,
  fromText: (raw) => good(oneLine(raw).trim()),
};

/** 32 hexadecimal digits, with or without hyphens, braces and the URN's head (RFC 9562). */
export function parseUuid(raw: string): string | undefined {
  const digits = raw.trim().replace(/^urn:uuid:/i, '').replace(/^\{|\}$/g, '').replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : undefined;
}

export const uuid: CellKind = {
  editor: 'input',
  show: textOf,
  toText: textOf,
  fromText(raw) {
    const value = parseUuid(raw);
    return value ? good(value) : bad(`“${raw}” is not a UUID`);
  },
};

/** #1a2b3c from #1A2B3C, 1a2b3c or #abc. */
export function parseColour(raw: string): string | undefined {
  const digits = raw.trim().replace(/^#/, '').toLowerCase();
  if (/^[0-9a-f]{6}$/.test(digits)) return `#${digits}`;
  return /^[0-9a-f]{3}$/.test(digits) ? `#${[...digits].map((c) => c + c).join('')}` : undefined;
}

export const colour: CellKind = {
  editor: 'input',
  show: textOf,
  paint(cell, value) {
    const swatch = document.createElement('i');
    swatch.className = 'swatch';
    swatch.style.background = parseColour(textOf(value)) ?? 'transparent';
    cell.replaceChildren(swatch, textOf(value));
  },
  toText: textOf,
  fromText(raw) {
    const value = parseColour(raw);
    return value ? good(value) : bad(`“${raw}” is not a colour; write #1a2b3c`);
  },
};

/** "47.37, 8.54": latitude and longitude in degrees. A decimal comma needs a semicolon between the two. */
export function parseGeo(raw: string): string | undefined {
  const parts = raw.includes(';') ? raw.replaceAll(',', '.').split(';') : raw.includes(',') ? raw.split(',') : raw.trim().split(/\s+/);
  const [latitude, longitude] = parts.map((part) => (/^\s*[+-]?(\d+\.?\d*|\.\d+)\s*°?\s*$/.test(part) ? Number.parseFloat(part) : NaN));
  if (parts.length !== 2 || latitude === undefined || longitude === undefined) return undefined;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  return `${latitude + 0}, ${longitude + 0}`;
}

/** Where a map shows the point. */
export function mapUrl(value: CellValue): string | undefined {
  const point = typeof value === 'string' ? parseGeo(value) : undefined;
  if (!point) return undefined;
  const [latitude = '', longitude = ''] = point.split(', ');
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
}

export const geo: CellKind = {
  editor: 'input',
  show: textOf,
  toText: textOf,
  fromText(raw) {
    const value = parseGeo(raw);
    return value ? good(value) : bad(`“${raw}” is not a point; write 47.37, 8.54`);
  },
};

/** Markdown as plain words: headings, list marks, emphasis and the addresses of links are left out. */
export const plainMarkdown = (source: string): string => source
  .replace(/^\s{0,3}(#{1,6}|>|[-*+]|\d+[.)])\s+/gm, '')
  .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
  .replace(/(\*\*|__|~~|`)(\S(?:.*?\S)?)\1/g, '$2')
  .replace(/(^|[\s(])([*_])(\S(?:.*?\S)?)\2(?=[\s).,;:!?]|$)/gm, '$1$3');

export const richText: CellKind = { ...longText, show: (value) => plainMarkdown(textOf(value)) };
