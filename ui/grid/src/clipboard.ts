// Cells to and from the text that spreadsheets exchange: tab-separated, a cell with a tab, line break or quote in quotes (quotes doubled).
// Invariant: parse(write(cells)) = cells for every matrix of texts.

export function writeTsv(cells: readonly (readonly string[])[]): string {
  return cells.map((row) => row.map((text) => (/["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join('\t')).join('\n');
}

/** Rows of equal length; a line break at the very end (Excel writes one) makes no row. */
export function parseTsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let i = 0;
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    rows.push(row);
    row = [];
    cell = '';
  };
  while (i < text.length) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') { cell += '"'; i += 2; continue; }
      if (c === '"') { quoted = false; i += 1; continue; }
      cell += c;
      i += 1;
    } else if (c === '"' && cell === '' && closes(text, i)) { quoted = true; i += 1; }
    else if (c === '\t') { row.push(cell); cell = ''; i += 1; }
    else if (c === '\r' || c === '\n') { endRow(); i += c === '\r' && text[i + 1] === '\n' ? 2 : 1; }
    else { cell += c; i += 1; }
  }
  const endsWithBreak = /[\r\n]$/.test(text) && !quoted && cell === '' && row.length === 0;
  if (!endsWithBreak) endRow();
  const width = Math.max(1, ...rows.map((r) => r.length));
  for (const r of rows) while (r.length < width) r.push('');
  return rows;
}

/** A quote that opens a cell must be closed before a tab, a line break or the end; otherwise it is an ordinary character (5" pipe). */
function closes(text: string, start: number): boolean {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] !== '"') continue;
    if (text[i + 1] === '"') { i += 1; continue; }
    const after = text[i + 1];
    return after === undefined || after === '\t' || after === '\r' || after === '\n';
  }
  return false;
}

/** An HTML table beside the text, for documents and mail. */
export function writeHtml(cells: readonly (readonly string[])[]): string {
  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>');
  return `<table>${cells.map((row) => `<tr>${row.map((text) => `<td>${escape(text)}</td>`).join('')}</tr>`).join('')}</table>`;
}

/** Size of what a paste covers: one text fills the whole selection, a block repeats if the selection is a whole multiple of it. */
export function pasteSize(block: { rows: number; cols: number }, selection: { rows: number; cols: number }): { rows: number; cols: number } {
  const repeat = (have: number, want: number) => (want > have && want % have === 0 ? want : have);
  return { rows: repeat(block.rows, selection.rows), cols: repeat(block.cols, selection.cols) };
}
