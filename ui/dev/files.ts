// Files of the mock: kept in memory as they were sent; pictures (PNG) are their own thumbnails.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CellValue, FileRef } from '../grid/src/index.ts';

const kept = new Map<string, { ref: FileRef; bytes: Buffer }>();

function keep(name: string, bytes: Buffer): FileRef {
  const id = `att_${kept.size + 1}`;
  const url = `/v1/files/${id}`;
  const picture = bytes.subarray(1, 4).toString() === 'PNG';
  const [width, height] = picture ? [bytes.readUInt32BE(16), bytes.readUInt32BE(20)] : [];
  const same = { url, width: width ?? 0, height: height ?? 0 };
  const small = { ...same, width: Math.ceil((same.width * 36) / Math.max(36, same.height)), height: Math.min(36, same.height) };
  const ref: FileRef = { id, filename: name, url, size: bytes.length, type: picture ? 'image/png' : 'text/plain', ...(picture ? { width, height, thumbnails: { small, large: same, full: same } } : {}) };
  kept.set(id, { ref, bytes });
  return ref;
}

/** What a cell holds, of what was said of files. */
export function filesFrom(said: unknown): CellValue {
  const one = (file: { id?: string; filename?: string }): CellValue => {
    const found = kept.get(file.id ?? '');
    return found ? { ...found.ref, filename: file.filename ?? found.ref.filename } : null;
  };
  return Array.isArray(said) ? said.map(one).filter((file) => file !== null) : said === null ? null : one(said as FileRef);
}

/** Answers what is about the bytes of files; false if it is something else. */
export async function answerFiles(request: IncomingMessage, answer: ServerResponse, url: URL): Promise<boolean> {
  const found = kept.get(/^\/v1\/files\/(\w+)$/.exec(url.pathname)?.[1] ?? '');
  if (found) {
    answer.writeHead(200, { 'Content-Type': found.ref.type, ...(url.searchParams.has('download') ? { 'Content-Disposition': `attachment; filename="${encodeURIComponent(found.ref.filename)}"` } : {}) });
    answer.end(found.bytes);
    return true;
  }
  if (request.method !== 'POST' || url.pathname !== '/v1/files') return false;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const name = url.searchParams.get('name') ?? 'file';
  const refused = name.startsWith('refuse');
  answer.writeHead(refused ? 413 : 201, { 'Content-Type': 'application/json' });
  answer.end(JSON.stringify(refused ? { code: 'file_too_large', detail: 'The file is larger than 512 MB.' } : keep(name, Buffer.concat(chunks))));
  return true;
}
