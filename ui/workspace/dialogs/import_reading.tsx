// How an uploaded file is read: its sheet, encoding and separator, the order of days and the mark before decimals. Every change is asked of the server, which reads the file anew.
import type { ImportPreview } from '../api/types.ts';
import { Select } from '../ui/select.tsx';

export interface ReadingChoice {
  sheet?: string;
  encoding?: string;
  delimiter?: string;
  dates?: string;
  numbers?: string;
}

const ENCODINGS: [string, string][] = [['utf-8', 'UTF-8'], ['utf-16le', 'UTF-16'], ['windows-1252', 'Windows, western Europe'], ['windows-1250', 'Windows, central Europe'], ['windows-1251', 'Windows, Cyrillic'], ['shift_jis', 'Shift JIS'], ['gb18030', 'GB 18030'], ['macintosh', 'Mac Roman']];
const DELIMITERS: [string, string][] = [[',', 'Comma'], [';', 'Semicolon'], ['\t', 'Tab'], ['|', 'Bar']];
const FORMATS = { csv: 'CSV', tsv: 'values with tabs', json: 'JSON', ndjson: 'lines of JSON', xlsx: 'Excel' };

/** What a file is, in words. */
export const formatName = (preview: ImportPreview): string => FORMATS[preview.format];

/** What was chosen so far, as the server has it. */
export const chosen = (preview: ImportPreview): ReadingChoice => ({
  dates: preview.dates,
  numbers: preview.numbers,
  ...(preview.sheet ? { sheet: preview.sheet } : {}),
  ...(preview.encoding ? { encoding: preview.encoding } : {}),
  ...(preview.delimiter ? { delimiter: preview.delimiter } : {}),
});

export function Reading({ preview, busy, onChange }: { preview: ImportPreview; busy: boolean; onChange: (next: ReadingChoice) => void }) {
  const now = chosen(preview);
  // Another sheet or encoding has other days and numbers: those are found anew.
  const set = (part: ReadingChoice) => onChange({ ...now, dates: undefined, numbers: undefined, ...part });
  const encodings = ENCODINGS.some(([id]) => id === preview.encoding) || !preview.encoding ? ENCODINGS : [...ENCODINGS, [preview.encoding, preview.encoding] as [string, string]];
  return (
    <div className="into reading">
      {preview.sheets.length > 1 ? (
        <label className="row">Sheet
          <Select label="Sheet" value={preview.sheet ?? ''} disabled={busy} onChange={(sheet) => set({ sheet })}>{preview.sheets.map((name) => <option key={name} value={name}>{name}</option>)}</Select>
        </label>
      ) : null}
      {preview.delimiter ? <>
        <label className="row">Separator
          <Select label="Separator" value={preview.delimiter} disabled={busy} onChange={(delimiter) => set({ delimiter })}>{DELIMITERS.map(([id, name]) => <option key={id} value={id}>{name}</option>)}</Select>
        </label>
        <label className="row">Encoding
          <Select label="Encoding" value={preview.encoding} disabled={busy} onChange={(encoding) => set({ encoding })}>{encodings.map(([id, name]) => <option key={id} value={id}>{name}</option>)}</Select>
        </label>
      </> : null}
      <label className="row">Days
        <Select label="Days" value={preview.dates} disabled={busy} onChange={(dates) => onChange({ ...now, dates })}>
          <option value="iso">2026-12-31</option>
          <option value="day_first">31.12.2026</option>
          <option value="month_first">12/31/2026</option>
        </Select>
      </label>
      <label className="row">Numbers
        <Select label="Numbers" value={preview.numbers} disabled={busy} onChange={(numbers) => onChange({ ...now, numbers })}>
          <option value="point">1,234.5</option>
          <option value="comma">1.234,5</option>
        </Select>
      </label>
    </div>
  );
}
