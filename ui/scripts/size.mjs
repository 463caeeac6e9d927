// Prints gzipped sizes of what a page loads at once, and fails when the workspace's eager script is over its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const BUDGET = { 'workspace.tsx': 200_000, 'small.ts': 25_000 };
const eager = (key, seen = new Set()) => {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) eager(next, seen);
  return seen;
};
const gz = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
for (const [key, budget] of Object.entries(BUDGET)) {
  const total = [...eager(key)].reduce((sum, k) => sum + gz(manifest[k].file), 0);
  console.log(`${key}: ${(total / 1000).toFixed(1)} kB gz of ${budget / 1000}`);
  if (total > budget) process.exitCode = 1;
}
for (const [key, chunk] of Object.entries(manifest)) {
  if (/\.css$/.test(chunk.file)) console.log(`${key}: ${(gz(chunk.file) / 1000).toFixed(1)} kB gz`);
  else if (chunk.isDynamicEntry) console.log(`${key} (when opened): ${(gz(chunk.file) / 1000).toFixed(1)} kB gz`);
}
