// Live changes of a base: server-sent events read through fetch, since EventSource sends no Authorization. After a break the stream resumes
// behind the last event it had; if that is too far back, the server says `reset` and the page reads everything anew.
import { type Api, pause } from './client.ts';
import type { ChangeEvent } from './types.ts';

export interface ServerEvent {
  event: string;
  id: string;
  data: string;
}

/** Cuts a stream into events; keeps what is not complete yet (WHATWG HTML, "Server-sent events", 9.2.6). */
export function createParser(take: (event: ServerEvent) => void): (chunk: string) => void {
  let rest = '';
  let event = '';
  let id = '';
  let data: string[] = [];
  return (chunk) => {
    rest += chunk;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(rest);
      if (!end) return;
      const line = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      if (line === '') {
        if (data.length > 0) take({ event: event || 'message', id, data: data.join('\n') });
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'event') event = value;
      else if (name === 'data') data.push(value);
      else if (name === 'id') id = value;
    }
  };
}

export interface Live {
  stop(): void;
}

/** Follows a base until stopped. `caughtUp` is called when a new connection may have missed something. */
export function followBase(api: Api, base: string, take: (change: ChangeEvent) => void, caughtUp: () => void): Live {
  const stop = new AbortController();
  void run(api, base, take, caughtUp, stop.signal);
  return { stop: () => stop.abort() };
}

async function run(api: Api, base: string, take: (change: ChangeEvent) => void, caughtUp: () => void, signal: AbortSignal): Promise<void> {
  let last = '';
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await open(api, base, last, signal);
      api.online(true);
      if (failures > 0) caughtUp();
      failures = 0;
      const parse = createParser((event) => {
        if (event.id) last = event.id;
        if (event.event === 'change' || event.event === 'reset') take(JSON.parse(event.data) as ChangeEvent);
      });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) break;
        parse(part.value);
      }
    } catch (error) {
      failures += 1;
      // fetch rejects with a TypeError when nobody answers; one break alone may be the server starting anew.
      if (error instanceof TypeError && !signal.aborted && failures > 1) api.online(false);
    }
    if (signal.aborted) return;
    await pause(Math.min(15_000, 400 * 2 ** Math.min(failures, 6)) * (0.75 + Math.random() / 2), signal).catch(() => undefined);
  }
}

async function open(api: Api, base: string, last: string, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream', Authorization: `Bearer ${await api.token()}` };
  if (last) headers['Last-Event-ID'] = last;
  const answer = await fetch(api.url(`/v1/bases/${base}/events`), { headers, signal });
  if (answer.status === 401) api.dropToken();
  if (!answer.ok) throw new Error(`events: ${answer.status}`);
  return answer;
}
