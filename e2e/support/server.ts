// Starts one process over an empty data folder, tells the tests where it is, and stops it at the end.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest wait for a cluster to be made and migrated on a slow machine. */
const START = 120_000;
const STOP = 20_000;

export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address && typeof address === 'object' ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

/** The last line of the greeting: the staff link, as long as there is no staff. */
const FIRST = /first staff account.*\n/;
const LATER = /mail goes to.*\n/;

/** Resolves with what is printed until `last`. */
async function greeting(child: ChildProcess, last: RegExp): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    const late = setTimeout(() => fail(new Error(`nclc did not start in time; it printed:\n${text}`)), START);
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (last.test(text)) {
        clearTimeout(late);
        done(text);
      }
    });
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`nclc ended with ${code} before it was ready; see test-results/nclc.log\n${text}`)));
  });
}

/** One running process. */
export interface Process {
  port: number;
  greeting: string;
  stop: () => Promise<void>;
}

/** Starts a process over `folder`: the first one runs the cluster, others join it. Its log is `test-results/<name>.log`. */
export async function launch(folder: string, name: string, last = LATER, more: { port?: number; settings?: Record<string, string> } = {}): Promise<Process> {
  const port = more.port ?? (await freePort());
  const binary = resolve(process.env.NCLC_BINARY ?? join(import.meta.dirname, '../../target/debug/nclc'));
  mkdirSync('test-results', { recursive: true });
  const log = createWriteStream(`test-results/${name}.log`);
  const settings = Object.fromEntries(Object.entries(process.env).filter(([setting]) => !setting.startsWith('NCLC_')));
  const child = spawn(binary, ['serve'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...settings, NCLC_DATABASE_DATA_FOLDER: folder, NCLC_HTTP_LISTEN: `127.0.0.1:${port}`, ...more.settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.pipe(log);
  const text = await greeting(child, last);
  const stop = async (): Promise<void> => {
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP);
    await ended;
    clearTimeout(late);
  };
  return { port, greeting: text, stop };
}

export default async function start(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'nclc-e2e-'));
  const first = await launch(folder, 'nclc', FIRST);
  process.env.E2E_PORT = String(first.port);
  process.env.E2E_FOLDER = folder;
  process.env.E2E_STAFF_LINK = /first staff account[^:]*: (\S+)/.exec(first.greeting)?.[1] ?? '';
  return async () => {
    await first.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
