// node dev/axe.mjs: axe-core (WCAG A and AA) over the states of the workspace, both themes. Fails on any violation.
import { readFileSync } from 'node:fs';
import { launch, open } from './browser.mjs';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const ready = (page) => page.locator('[role=gridcell][aria-colindex]').first().waitFor();
const STATES = {
  grid: async () => undefined,
  filter: async (page) => { await page.getByRole('button', { name: 'Filter', exact: true }).click(); await page.getByRole('button', { name: 'Condition' }).click(); await page.getByLabel('Comparison').waitFor(); },
  sort: async (page) => { await page.getByRole('button', { name: 'Sort', exact: true }).click(); await page.getByLabel('Add a field to sort by').waitFor(); },
  fields: async (page) => { await page.getByRole('button', { name: 'Hide fields' }).click(); await page.getByRole('switch').first().waitFor(); },
  record: async (page) => { await page.keyboard.press('Space'); await page.locator('.ev').first().waitFor(); },
  import: async (page) => { await page.getByRole('button', { name: 'Import' }).click(); await page.getByLabel('Or paste rows').fill('a,b\n1,2'); await page.getByRole('button', { name: 'Read the pasted rows' }).click(); await page.getByText('First values').waitFor(); },
  field: async (page) => { await page.keyboard.press('Control+ArrowRight'); await page.getByRole('button', { name: 'Add a field' }).click(); await page.getByRole('button', { name: /^Type/ }).click(); await page.getByRole('combobox', { name: 'Find a type' }).waitFor(); },
  types: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblTypes')); await page.locator('[role=gridcell][aria-colindex]').first().waitFor(); },
  select: async (page) => { await page.locator('[role=row][aria-rowindex="3"] [aria-colindex="4"]').dblclick(); await page.getByRole('listbox').waitFor(); },
  keys: async (page) => { await page.keyboard.press('?'); await page.getByText('Replace what is there').waitFor(); },
  palette: async (page) => { await page.keyboard.press('Control+k'); await page.getByRole('listbox').waitFor(); },
};
const browser = await launch();
let bad = 0;
for (const theme of ['light', 'dark']) for (const [name, run] of Object.entries(STATES)) {
  const { page, context } = await open(browser, { width: 1440, height: 900, theme });
  await ready(page);
  await page.locator('[role=grid]').focus();
  await run(page);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  bad += violations.length;
  for (const v of violations) console.log(`${name} ${theme}: ${v.impact} ${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 140)}\n    ${v.nodes[0].failureSummary.split('\n').slice(1, 3).join(' ')}`);
  await context.close();
}
await browser.close();
console.log(bad === 0 ? 'no violations' : `${bad} violations`);
process.exitCode = bad ? 1 : 0;
