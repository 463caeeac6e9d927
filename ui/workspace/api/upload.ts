// Sends a file: in one request, or a large one in parts that go on where a broken connection left them. XMLHttpRequest: fetch says nothing of how
// far it is.
import type { FileRef } from '../../grid/src/index.ts';
import { type Api, ApiError, pause } from './client.ts';
import type { Problem } from './types.ts';

export interface Upload {
  done: Promise<FileRef>;
  cancel(): void;
}

/** Bytes of a part, and of the largest file that goes in one request. */
const PART = 4 << 20;
/** How often in a row a part is tried. */
const TRIES = 5;

/** The person has changed their mind. */
export class Cancelled extends Error {}

export function uploadFile(api: Api, file: Blob, name: string, progress: (share: number) => void): Upload {
  const stop = new AbortController();
  const sent = (method: string, path: string, body: Blob, before: number) => send(api, method, path, body, stop.signal, (bytes) => progress((before + bytes) / Math.max(1, file.size)));
  const run = async (): Promise<FileRef> => {
    if (file.size <= PART) return (await sent('POST', `/v1/files?name=${encodeURIComponent(name)}`, file, 0)) as FileRef;
    const { id } = (await api.ask<{ id: string }>('POST', '/v1/uploads', { body: { size: file.size }, key: crypto.randomUUID(), signal: stop.signal })).data;
    try {
      await parts(id);
      return (await api.ask<FileRef>('POST', `/v1/uploads/${id}/finish`, { body: { name }, key: crypto.randomUUID(), signal: stop.signal })).data;
    } catch (error) {
      void giveUp(api, id);
      throw error;
    }
  };
  const parts = async (id: string) => {
    let offset = 0;
    for (let failed = 0; offset < file.size;) {
      try {
        offset = ((await sent('PATCH', `/v1/uploads/${id}?offset=${offset}`, file.slice(offset, offset + PART), offset)) as { offset: number }).offset;
        failed = 0;
      } catch (error) {
        const again = error instanceof ApiError && (error.status === 0 || error.status === 409 || error.status >= 500);
        failed += 1;
        if (!again || failed >= TRIES) throw error;
        await pause(400 * 2 ** failed, stop.signal);
        offset = (await api.get<{ offset: number }>(`/v1/uploads/${id}`, { signal: stop.signal })).data.offset;
      }
    }
  };
  const done = run().catch((error: unknown) => {
    throw stop.signal.aborted ? new Cancelled() : error;
  });
  return { done, cancel: () => stop.abort() };
}

/** An upload that nobody goes on with needs no room. The server may still be reading the part that was cancelled. */
async function giveUp(api: Api, id: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      await api.ask('DELETE', `/v1/uploads/${id}`);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) return;
      await pause(400 * 2 ** tries);
    }
  }
}

async function send(api: Api, method: string, path: string, body: Blob, signal: AbortSignal, progress: (bytes: number) => void): Promise<unknown> {
  const token = await api.token();
  return new Promise((resolve, reject) => {
    const ask = new XMLHttpRequest();
    if (signal.aborted) return reject(new Cancelled());
    signal.addEventListener('abort', () => ask.abort(), { once: true });
    ask.open(method, api.url(path));
    ask.setRequestHeader('Authorization', `Bearer ${token}`);
    ask.setRequestHeader('Content-Type', 'application/octet-stream');
    ask.upload.onprogress = (event) => progress(event.loaded);
    ask.onabort = () => reject(new Cancelled());
    ask.onerror = () => reject(new ApiError(0, { detail: 'The connection broke. Try again.', code: 'unreachable' }));
    ask.onload = () => {
      let answer: unknown = {};
      try {
        answer = JSON.parse(ask.responseText);
      } catch {
        if (ask.status < 300) return reject(new ApiError(ask.status, { detail: 'The answer could not be read.' }));
      }
      if (ask.status >= 200 && ask.status < 300) resolve(answer);
      else reject(new ApiError(ask.status, answer as Problem));
    };
    ask.send(body);
  });
}
