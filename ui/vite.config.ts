// Builds what the server embeds: scripts, styles, fonts and the icon sprite, with hashed names and dist/.vite/manifest.json.
// Keys of the manifest are the source paths below; nothing is inlined, since the pages' CSP admits files only.
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const styles = ['base', 'app', 'admin', 'auth', 'www', 'docs', 'workspace', 'builder', 'sites', 'account', 'shared'];

/** Files that pages name themselves, not through a script: emitted with a hashed name and listed in the manifest. */
function pageAssets(files: string[]): Plugin {
  return {
    name: 'page-assets',
    apply: 'build',
    generateBundle() {
      for (const file of files) {
        this.emitFile({ type: 'asset', name: file.split('/').at(-1) ?? file, originalFileName: file, source: readFileSync(new URL(file, import.meta.url)) });
      }
    },
  };
}

export default defineConfig({
  base: '/static/',
  root: import.meta.dirname,
  publicDir: false,
  plugins: [pageAssets(['icons/sprite.svg'])],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: ['workspace.tsx', 'small.ts', 'small/hero.ts', ...styles.map((name) => `styles/${name}.css`)],
    },
  },
  test: { include: ['**/test/*.test.{ts,tsx}'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
