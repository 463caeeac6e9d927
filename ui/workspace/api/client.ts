// One way to the API: a short-lived token that is renewed before it ends, errors as text a person can act on, a retry where it is safe,
// and the newest version that was written, so that every read sees the person's own writes.
import type { Config } from '../config.ts';
import type { Problem } from './types.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly fields: { pointer: string; code: string; detail: string }[];

  constructor(status: number, problem: Problem) {
    const first = problem.errors?.[0]?.detail;
    super(first ?? problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? '';
    this.requestId = problem.request_id;
    this.fields = problem.errors ?? [];
  }
}

export interface Ask {
  body?: unknown;
  form?: FormData;
  query?: Record<string, string | undefined>;
  signal?: AbortSignal;
  /** Sent again with the same key after a broken connection: the server does it once. */
  key?: string;
  /** A POST that only reads. */
  reads?: boolean;
}

export interface Answer<T> {
  data: T;
  version: number;
}

const RENEW_BEFORE = 45_000;

/** What can be read as of a moment in the past. */
const PAST = /^\/v1\/(bases\/app\w+|tables\/tbl\w+\/(window|aggregates|position)|records(\/rec\w+)?)$/;

export class Api {
  /** Newest version that this page has written or read. */
  version = 0;
  online: (now: boolean) => void = () => undefined;
  /** The moment that reads are as of: a version or a time; undefined for now. */
  asOf: string | undefined;
  #config: Config;
  #token: { text: string; until: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  url(path: string): string {
    return `${this.#config.api}${path}`;
  }

  async token(): Promise<string> {
    if (this.#token && this.#token.until - RENEW_BEFORE > Date.now()) return this.#token.text;
    this.#asking ??= this.#fetchToken().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #fetchToken(): Promise<string> {
    const answer = await this.#reach(this.#config.tokenUrl, { method: 'POST', headers: { 'X-CSRF-Token': this.#config.csrf, Accept: 'application/json' }, body: new URLSearchParams({ _csrf: this.#config.csrf }), redirect: 'manual' });
    if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) {
      throw new ApiError(401, { detail: 'Your session has ended. Log in again to go on.', code: 'session_ended' });
    }
    if (!answer.ok) throw await problemOf(answer);
    const { token, expires_in } = (await answer.json()) as { token: string; expires_in: number };
    this.#token = { text: token, until: Date.now() + expires_in * 1000 };
    return token;
  }

  dropToken(): void {
    this.#token = undefined;
  }

  /** `fetch` that knows a broken connection from a refusal. */
  async #reach(url: string, init: RequestInit): Promise<Response> {
    try {
      const answer = await fetch(url, init);
      this.online(true);
      return answer;
    } catch (error) {
      if (init.signal?.aborted) throw error;
      this.online(false);
      throw new ApiError(0, { detail: 'The server cannot be reached. Nothing was lost; try again when the connection is back.', code: 'unreachable' });
    }
  }

  async raw(method: string, path: string, ask: Ask = {}): Promise<Response> {
    const url = new URL(this.url(path), location.href);
    for (const [name, value] of Object.entries(ask.query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
    if (this.asOf !== undefined && (method === 'GET' || ask.reads === true) && PAST.test(path)) url.searchParams.set('as_of', this.asOf);
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (ask.body !== undefined) headers['Content-Type'] = 'application/json';
    if (ask.key !== undefined) headers['Idempotency-Key'] = ask.key;
    if (this.version > 0) headers['Min-Version'] = String(this.version);
    const again = method === 'GET' || ask.reads === true || ask.key !== undefined;
    for (let attempt = 0; ; attempt += 1) {
      headers.Authorization = `Bearer ${await this.token()}`;
      const body = ask.form ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body));
      try {
        const answer = await this.#reach(url.href, { method, headers, body, signal: ask.signal });
        if (answer.status === 401 && attempt === 0) this.dropToken();
        else if (answer.status >= 502 && again && attempt < 2) await pause(300 * 2 ** attempt, ask.signal);
        else if (answer.ok) return answer;
        else throw await problemOf(answer);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'unreachable' || !again || attempt >= 2) throw error;
        await pause(300 * 2 ** attempt, ask.signal);
      }
    }
  }

  async ask<T>(method: string, path: string, ask: Ask = {}): Promise<Answer<T>> {
    const answer = await this.raw(method, path, ask);
    const version = Number(answer.headers.get('Base-Version') ?? 0) || 0;
    if (method !== 'GET' && !ask.reads) this.version = Math.max(this.version, version);
    const data = answer.status === 204 || answer.headers.get('Content-Length') === '0' ? undefined : await answer.json();
    return { data: data as T, version };
  }

  get<T>(path: string, ask?: Ask): Promise<Answer<T>> {
    return this.ask('GET', path, ask);
  }

  /** A write: once, also if the connection breaks between sending and hearing. */
  write<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, query?: Ask['query']): Promise<Answer<T>> {
    return this.ask(method, path, { body, query, key: crypto.randomUUID() });
  }
}

async function problemOf(answer: Response): Promise<ApiError> {
  let problem: Problem = {};
  try {
    problem = (await answer.json()) as Problem;
  } catch {
    problem = { detail: `The server answered ${answer.status} ${answer.statusText}.` };
  }
  return new ApiError(answer.status, { request_id: answer.headers.get('Request-Id') ?? undefined, ...problem });
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }, { once: true });
  });
}

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
