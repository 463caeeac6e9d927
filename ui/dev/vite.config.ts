// `npm run dev`: the built workspace over the mock, with the CSP of the real server. Build first; rebuild and reload after a change.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { mockApi } from './mock.ts';

const root = path.join(import.meta.dirname, '..');
const csp = "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' http://api.nclc.localhost:8080; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

interface Chunk {
  file: string;
  css?: string[];
}

function page(address: string): string {
  const manifest = JSON.parse(readFileSync(path.join(root, 'dist/.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;
  const file = (key: string) => `/static/${manifest[key]?.file ?? ''}`;
  const part = (prefix: string) => new RegExp(`/(${prefix}[A-Za-z0-9]+)`).exec(address)?.[1] ?? '';
  const css = ['styles/base.css', 'styles/workspace.css'].map((key) => `<link rel="stylesheet" href="${file(key)}">`).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Route network</title>${css}
<script type="module" src="${file('workspace.tsx')}"></script></head><body class="ws"><div id="workspace" data-org="acme" data-base="${part('app') || 'appRoutes'}" data-table="${part('tbl')}" data-view="${part('viw')}"
 data-api="" data-csrf="mock" data-token-url="/o/acme/api-token" data-user="Mina Ott"></div></body></html>`;
}

const workspace: Plugin = {
  name: 'workspace-mock',
  configurePreviewServer(server) {
    server.middlewares.use(async (request, answer, next) => {
      const address = request.url ?? '/';
      if (await mockApi(request, answer)) return;
      if (request.method === 'POST' && address.endsWith('/api-token')) {
        answer.setHeader('Content-Type', 'application/json');
        answer.end(JSON.stringify({ token: 'mock', expires_in: 300 }));
        return;
      }
      if (address.startsWith('/o/') || address === '/') {
        answer.setHeader('Content-Type', 'text/html; charset=utf-8');
        answer.setHeader('Content-Security-Policy', csp);
        answer.end(page(address));
        return;
      }
      next();
    });
  },
};

export default defineConfig({ root, base: '/static/', publicDir: false, plugins: [workspace], preview: { port: 5199, strictPort: true, host: '127.0.0.1' }, build: { outDir: 'dist' } });
