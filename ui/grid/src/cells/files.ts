// Files: the value is a list of what the API says of each (of a signature, one or null). Pictures are shown by their thumbnails, others by the end of their name.
import type { CellValue, FileRef } from '../types.ts';
import { type CellKind, bad, good, paintText } from './kind.ts';

export function filesOf(value: CellValue): FileRef[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((one): one is FileRef => typeof one === 'object' && one !== null && !Array.isArray(one) && typeof one.filename === 'string' && typeof one.url === 'string');
}

/** `PDF`, `CSV`: what stands for a file without a picture. */
export const endingOf = ({ filename }: Pick<FileRef, 'filename'>): string => (/\.([\p{L}\p{N}]{1,5})$/u.exec(filename)?.[1] ?? 'file').toUpperCase();

/** `1.4 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let [size, unit] = [bytes, 0];
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${size.toLocaleString(undefined, { maximumFractionDigits: unit > 1 && size < 100 ? 1 : 0 })} ${units[unit] ?? ''}`;
}

function mark(file: FileRef): HTMLElement {
  const { small } = file.thumbnails ?? {};
  if (small === undefined) {
    const chip = document.createElement('span');
    chip.className = 'g-file';
    chip.title = file.filename;
    chip.textContent = endingOf(file);
    return chip;
  }
  const picture = document.createElement('img');
  picture.className = 'g-thumb';
  picture.alt = file.filename;
  picture.title = file.filename;
  picture.src = small.url;
  picture.width = small.width;
  picture.height = small.height;
  picture.loading = 'lazy';
  picture.draggable = false;
  return picture;
}

/** Cells are painted again and again: what shows the same files already stays, so that no picture blinks. */
function paintFiles(cell: HTMLElement, value: CellValue): void {
  const files = filesOf(value);
  if (files.length === 0) return paintText(cell, '');
  const now = files.map((file) => `${file.id} ${file.filename}`).join('\n');
  if (cell.dataset.files === now && cell.childElementCount === files.length) return;
  cell.dataset.files = now;
  cell.replaceChildren(...files.map(mark));
}

/** `name (address)`, as exports have it. */
const toText = (value: CellValue): string => filesOf(value).map((file) => `${file.filename} (${file.url})`).join(', ');

/** Files by their addresses: such as were copied from another cell. */
function fromText(raw: string, single: boolean): ReturnType<CellKind['fromText']> {
  const files: FileRef[] = [];
  for (const part of raw.split(/, (?=[^()]*\(https?:)|\n/).map((text) => text.trim()).filter((text) => text !== '')) {
    const named = /^(.*) \((https?:[^\s()]+)\)$/s.exec(part);
    const url = named?.[2] ?? part;
    if (!/^https?:\/\/\S+$/.test(url)) return bad('Files are dropped, pasted or chosen; a text is none');
    const name = named?.[1] ?? url.split(/[?#]/)[0]?.split('/').pop() ?? '';
    files.push({ id: '', filename: name === '' ? 'file' : name, url });
  }
  return single ? (files.length > 1 ? bad('There is room for one signature') : good(files[0] ?? null)) : good(files);
}

const names = (value: CellValue): string => filesOf(value).map((file) => file.filename).join(', ');

export const attachment: CellKind = { editor: 'files', show: names, paint: paintFiles, toText, fromText: (raw) => fromText(raw, false) };
export const signature: CellKind = { editor: 'files', show: names, paint: paintFiles, toText, fromText: (raw) => fromText(raw, true) };
