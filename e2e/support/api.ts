// The API as a program uses it: from node, without the browser.
import { request } from 'node:http';
import { host, port } from './origins.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // What the API answers is asserted by each test.
  json: any;
}

export interface Ask {
  method?: string;
  portal?: string;
  /** The port of a process other than the first. */
  at?: number;
  /** The Host header as it is, instead of the portal's. */
  rawHost?: string;
  token?: string;
  /** An object is sent as JSON, a text or bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
}

export async function ask(path: string, { method, portal = 'api', at = port(), rawHost, token, body, headers = {} }: Ask = {}): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const payload = body === undefined ? undefined : raw ? body : JSON.stringify(body);
  return new Promise((done, fail) => {
    const sent = request({
      host: '127.0.0.1',
      port: at,
      path,
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        host: rawHost ?? host(portal, at),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
      },
    }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', fail);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        done({ status: answer.statusCode ?? 0, headers: answer.headers, text, json });
      });
    });
    sent.once('error', fail);
    sent.end(payload);
  });
}

/** A multipart upload to `/v1/imports`. */
export async function upload(token: string, base: string, name: string, file: Uint8Array): Promise<Answer> {
  const edge = '----nclc-e2e-7f1c';
  const head = `--${edge}\r\ncontent-disposition: form-data; name="base"\r\n\r\n${base}\r\n--${edge}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${edge}--\r\n`)]);
  return ask('/v1/imports', { token, body, method: 'POST', headers: { 'content-type': `multipart/form-data; boundary=${edge}` } });
}
