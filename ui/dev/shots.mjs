// node dev/shots.mjs [name…]: pictures of the workspace's states in dev/shots/, desktop and phone, light and dark. `npm run dev` must be running.
import { mkdirSync } from 'node:fs';
import { launch, open } from './browser.mjs';

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844, touch: true } };
const ready = (page) => page.locator('[role=gridcell][aria-colindex]').first().waitFor();
const anew = async (page) => { await page.request.get(new URL('/mock/reset', page.url()).href); await page.reload(); await ready(page); };
const openField = async (page) => { await ready(page); await page.keyboard.press('Control+ArrowRight'); await page.getByRole('button', { name: 'Add a field' }).click(); await page.getByRole('button', { name: /^Type/ }).waitFor(); };
const chooseType = async (page, text) => { await page.getByRole('button', { name: /^Type/ }).click(); await page.getByRole('combobox', { name: 'Find a type' }).fill(text); await page.keyboard.press('Enter'); };
const STATES = {
  grid: async (page) => { await ready(page); },
  filter: async (page, phone) => { await ready(page); await page.getByRole('button', { name: 'Filter', exact: true }).click(); await page.getByRole('button', { name: 'Condition' }).first().click(); await page.getByLabel('Comparison').waitFor(); if (!phone) { await page.getByRole('dialog').getByRole('button', { name: 'Group' }).click(); } await page.waitForTimeout(100); },
  groups: async (page) => { await anew(page); await page.getByRole('button', { name: 'Group', exact: true }).click(); for (const label of ['Country', 'Status']) await page.getByLabel('Add a field to group by').selectOption({ label }); await page.locator('.g-group').first().waitFor(); await page.keyboard.press('Escape'); await page.waitForTimeout(300); await page.locator('.g-group').nth(1).locator('.g-gh').click(); await page.waitForTimeout(300); },
  grouppanel: async (page) => { await anew(page); await page.getByRole('button', { name: 'Group', exact: true }).click(); await page.getByLabel('Add a field to group by').selectOption({ label: 'Status' }); await page.locator('.g-group').first().waitFor(); },
  record: async (page) => { await ready(page); await page.goto(page.url() + '?record=recA8'); await page.getByText('Changed').waitFor(); await page.locator('.ev').first().waitFor(); },
  import: async (page) => { await ready(page); await page.keyboard.press('Control+k'); await page.getByRole('combobox').fill('import'); await page.keyboard.press('Enter'); await page.locator('input[type=file]').setInputFiles({ name: 'airports.csv', mimeType: 'text/csv', buffer: Buffer.from('name,iata,alt_ft,opened,country,src\nHamburg Airport,HAM,53,1911-01-08,Germany,OurAirports\nMunich Airport,MUC,1487,1992-05-17,Germany,OurAirports\n') }); await page.locator('.map tbody tr').first().waitFor(); },
  update: async (page) => { await ready(page); await page.keyboard.press('Control+k'); await page.getByRole('combobox').fill('import'); await page.keyboard.press('Enter'); await page.locator('input[type=file]').setInputFiles({ name: 'airports.csv', mimeType: 'text/csv', buffer: Buffer.from('name,iata,alt_ft,opened,country,src\nHamburg Airport,HAM,53,1911-01-08,Germany,OurAirports\nMunich Airport,MUC,1487,1992-05-17,Germany,OurAirports\n') }); await page.locator('.map tbody tr').first().waitFor(); await page.getByLabel('Into', { exact: true }).selectOption({ index: 1 }); await page.getByLabel('Rows', { exact: true }).selectOption('update'); },
  replace: async (page) => { await ready(page); await page.keyboard.press('Control+k'); await page.getByRole('combobox').fill('import'); await page.keyboard.press('Enter'); await page.locator('input[type=file]').setInputFiles({ name: 'airports.csv', mimeType: 'text/csv', buffer: Buffer.from('name,iata,alt_ft,opened,country,src\nHamburg Airport,HAM,53,1911-01-08,Germany,OurAirports\nMunich Airport,MUC,1487,1992-05-17,Germany,OurAirports\n') }); await page.locator('.map tbody tr').first().waitFor(); await page.getByLabel('Into', { exact: true }).selectOption({ index: 1 }); await page.getByLabel('Rows', { exact: true }).selectOption('replace'); },
  types: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblTypes')); await ready(page); },
  types2: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblTypes')); await ready(page); await page.keyboard.press('End'); await page.waitForTimeout(200); },
  typesrecord: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblTypes') + '?record=recT4'); await page.getByText('Changed').waitFor(); },
  field: async (page) => { await openField(page); await chooseType(page, 'single select'); await page.getByRole('button', { name: 'Add a choice' }).click(); await page.getByLabel('Choice 1').fill('Open'); await page.keyboard.press('Enter'); await page.getByLabel('Choice 2').fill('Closed'); },
  typelist: async (page) => { await openField(page); await page.getByRole('button', { name: /^Type/ }).click(); },
  formula: async (page) => { await openField(page); await chooseType(page, 'formula'); await page.locator('#field-formula').pressSequentially('IF({Routes} > 300, "Hub", "Regular") & ROU'); await page.getByRole('option').first().waitFor(); },
  conversion: async (page) => { await ready(page); await page.keyboard.press('ArrowRight'); await page.keyboard.press('Control+k'); await page.getByRole('combobox').fill('edit the field'); await page.keyboard.press('Enter'); await chooseType(page, 'year'); await page.getByRole('button', { name: 'Check the change' }).click(); await page.getByText('Nothing is changed yet').waitFor(); },
  days: async (page) => { await ready(page); await page.getByRole('button', { name: 'Filter', exact: true }).click(); await page.getByRole('button', { name: 'Condition' }).first().click(); await page.getByLabel('Field', { exact: true }).selectOption({ label: 'Last checked' }); await page.getByLabel('Days for Last checked').selectOption('last_days'); },
  multi: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblTypes')); await ready(page); await page.locator('[role=row][aria-rowindex="4"] [aria-colindex="7"]').dblclick(); await page.keyboard.type('New one'); },
  empty: async (page) => { await page.goto(page.url().replace(/tbl.*/, 'tblEmpty')); await page.getByText('No inspections yet').waitFor(); },
  headmenu: async (page) => { await ready(page); await page.locator('[role=columnheader]', { hasText: 'Status' }).click({ button: 'right' }); await page.getByRole('menu').waitFor(); },
  select: async (page) => { await ready(page); await page.locator('[role=row][aria-rowindex="6"] [aria-colindex="4"]').dblclick(); await page.getByRole('listbox').waitFor(); },
  keys: async (page) => { await ready(page); await page.keyboard.press('?'); await page.getByText('Replace what is there').waitFor(); },
};
mkdirSync(new URL('shots', import.meta.url), { recursive: true });
const wanted = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const only = process.argv.includes('--desktop') ? ['desktop'] : process.argv.includes('--phone') ? ['phone'] : Object.keys(SIZES);
const themes = process.argv.includes('--light') ? ['light'] : ['light', 'dark'];
const browser = await launch();
for (const name of wanted.length ? wanted : Object.keys(STATES)) {
  for (const size of only) for (const theme of themes) {
    const { page, context, problems, violations } = await open(browser, { ...SIZES[size], theme });
    try {
      await STATES[name](page, size === 'phone');
      await page.waitForTimeout(250);
    } catch (error) {
      console.log(`${name} ${size} ${theme}: ${String(error).split('\n')[0]}`);
    }
    await page.screenshot({ path: new URL(`shots/${name}-${size}-${theme}.png`, import.meta.url).pathname });
    const found = [...problems, ...(await violations())];
    if (found.length) console.log(`${name} ${size} ${theme}:\n  ${[...new Set(found)].slice(0, 6).join('\n  ')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) console.log(`${name} ${size}: ${wide}px wider than the screen`);
    await context.close();
  }
}
await browser.close();
