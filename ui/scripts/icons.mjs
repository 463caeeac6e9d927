// Writes icons/sprite.svg (server-rendered pages: <svg class="i"><use href="…#name">) and icons/icons.ts (scripts) from icons/names.txt.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
const root = new URL('../', import.meta.url);
const names = readFileSync(new URL('icons/names.txt', root), 'utf8').split(/\s+/).filter(Boolean).sort();
const drawing = {};
for (const name of names) {
  const file = new URL(`node_modules/lucide-static/icons/${name}.svg`, root);
  if (!existsSync(file)) { console.error(`lucide-static has no icon named ${name}`); process.exitCode = 1; continue; }
  const inner = readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '').match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  drawing[name] = inner.replace(/\s+/g, ' ').replace(/> </g, '><').replace(/ \/>/g, '/>').trim();
}
const symbols = Object.entries(drawing).map(([n, d]) => `<symbol id="${n}" viewBox="0 0 24 24">${d}</symbol>`);
const logo = readFileSync(new URL('icons/logo.svg', root), 'utf8').trim().replace(/^<svg[^>]*>|<\/svg>$/g, '');
symbols.push(`<symbol id="logo" viewBox="0 0 24 24">${logo}</symbol>`);
writeFileSync(new URL('icons/sprite.svg', root), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`);
const lines = Object.entries(drawing).map(([n, d]) => `  '${n}': '${d}',`);
writeFileSync(new URL('icons/icons.ts', root), `// Written by \`npm run icons\` from names.txt. Lucide 1.62 (ISC).\nexport const drawings = {\n${lines.join('\n')}\n} as const;\nexport type IconName = keyof typeof drawings;\n`);
console.log(`${Object.keys(drawing).length} icons`);
