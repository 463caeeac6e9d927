// Writes workspace/dialogs/functions.ts from content/docs/formula-reference.md: what the formula editor offers. Run it when the language changes.
import { readFileSync, writeFileSync } from 'node:fs';
const source = readFileSync(new URL('../../content/docs/formula-reference.md', import.meta.url), 'utf8');
const functions = [];
let group = '';
for (const section of source.split(/^(?=##+ )/m)) {
  const head = /^(##+) (.+)$/m.exec(section);
  if (!head) continue;
  if (head[1] === '##') group = head[2].trim();
  else {
    const signature = /^`([A-Z0-9_]+\(.*\))` → (.+)$/m.exec(section);
    if (!signature) continue;
    const about = section.slice(signature.index + signature[0].length).trim().split('\n\n')[0].replace(/\s+/g, ' ');
    const example = /```\n([^\n]+)/.exec(section)?.[1].replace(/\s+→\s+/, ' → ') ?? '';
    functions.push({ name: head[2].trim(), signature: signature[1], result: signature[2].trim(), about, example, group });
  }
}
const lines = functions.map((f) => `  ${JSON.stringify(f)},`);
writeFileSync(new URL('../workspace/dialogs/functions.ts', import.meta.url), `// Written by \`npm run functions\` from content/docs/formula-reference.md.
export interface FunctionInfo {
  name: string;
  signature: string;
  result: string;
  about: string;
  example: string;
  group: string;
}

export const FUNCTIONS: readonly FunctionInfo[] = [
${lines.join('\n')}
];
`);
console.log(`${functions.length} functions`);
