// node dev/behaviour.mjs: the grid and the workspace in Chromium over the mock, as a person uses them. Every step states what must be seen.
import assert from 'node:assert/strict';
import { launch, open, ORIGIN } from './browser.mjs';

const browser = await launch();
const cell = (page, row, col) => page.locator(`[role=row][aria-rowindex="${row + 1}"] [aria-colindex="${col + 1}"]`);
const active = (page) => page.evaluate(() => {
  const el = document.getElementById(document.querySelector('[role=grid]').getAttribute('aria-activedescendant') ?? '');
  return el && { row: Number(el.closest('[role=row]').getAttribute('aria-rowindex')) - 1, col: Number(el.getAttribute('aria-colindex')) - 1, text: el.textContent };
});
const eventually = async (check, what) => {
  const until = Date.now() + 5000;
  for (;;) {
    try { if (await check()) return; } catch (error) { if (Date.now() > until) throw error; }
    if (Date.now() > until) assert.fail(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 40));
  }
};
const cases = [];
const test = (name, run, options = {}) => cases.push({ name, run, options });

test('arrows, Ctrl+arrows, Home and End move; the last of many rows is reachable', async (page) => {
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await eventually(async () => { const a = await active(page); return a?.row === 2 && a.col === 2; }, 'row 2, column 2');
  await page.keyboard.press('Control+End');
  await eventually(async () => (await active(page))?.row === 1_000_000, 'the last row');
  await eventually(async () => (await cell(page, 1_000_000, 1).textContent()) === 'Sensor 1000000', 'its text');
  await page.keyboard.press('Control+Home');
  await eventually(async () => (await active(page))?.text === 'Sensor 0000001', 'the first cell');
}, { path: '/o/acme/b/appRoutes/tblReadings' });

test('typing replaces, Enter saves and moves down, undo and redo', async (page) => {
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('hello');
  await page.keyboard.press('Enter');
  await eventually(async () => (await cell(page, 1, 2).textContent()) === 'hello', 'the typed text');
  await eventually(async () => (await active(page))?.row === 2, 'one row down');
  await page.keyboard.press('Control+z');
  await eventually(async () => (await cell(page, 1, 2).textContent()) === 'KOH', 'the old text');
  await page.keyboard.press('Control+y');
  await eventually(async () => (await cell(page, 1, 2).textContent()) === 'hello', 'the new text again');
  await page.keyboard.press('Control+z');
});

test('Escape leaves the cell as it was; a refused value comes back with a reason', async (page) => {
  await page.keyboard.press('F2');
  await page.keyboard.type(' changed');
  await page.keyboard.press('Escape');
  assert.equal(await cell(page, 1, 1).textContent(), 'São Paulo International Airport');
  await page.keyboard.type('refuse');
  await page.keyboard.press('Enter');
  await page.getByText('The mock refuses').waitFor();
  await eventually(async () => (await cell(page, 1, 1).textContent()) === 'São Paulo International Airport', 'the old value');
});

test('a text that is no number keeps the editor open and says why', async (page) => {
  await cell(page, 3, 5).click();
  await page.keyboard.type('12 apples');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'is not a number' }).waitFor();
  await page.keyboard.press('Escape');
});

test('copy and paste a block; paste past the end makes records', async (page) => {
  await cell(page, 1, 1).click();
  await cell(page, 2, 2).click({ modifiers: ['Shift'] });
  await page.keyboard.press('Control+c');
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(text, 'Brazil\tBR\nFrance\tFR');
  await page.evaluate(() => navigator.clipboard.writeText('Peru\tPE\nKenya\tKE'));
  await cell(page, 5, 1).click();
  await page.keyboard.press('Control+v');
  await eventually(async () => (await cell(page, 6, 1).textContent()) === 'Kenya', 'a new record');
  assert.equal(await cell(page, 5, 2).textContent(), 'PE');
}, { path: '/o/acme/b/appRoutes/tblCountries' });

test('fill down and clear', async (page) => {
  await cell(page, 1, 4).click();
  await cell(page, 4, 4).click({ modifiers: ['Shift'] });
  await page.keyboard.press('Control+d');
  await eventually(async () => (await cell(page, 4, 4).textContent()) === 'São Paulo', 'the filled text');
  await page.keyboard.press('Control+z');
  await eventually(async () => (await cell(page, 4, 4).textContent()) === 'Paris', 'the old text');
  await page.keyboard.press('Delete');
  await eventually(async () => (await cell(page, 2, 4).textContent()) === '', 'an empty cell');
  await page.keyboard.press('Control+z');
  await eventually(async () => (await cell(page, 2, 4).textContent()) === 'Brasília', 'the text back');
});

test('select, checkbox, date and link editors', async (page) => {
  await cell(page, 2, 3).dblclick();
  await page.getByRole('combobox', { name: 'Status' }).fill('wor');
  await page.keyboard.press('Enter');
  await eventually(async () => (await cell(page, 2, 3).textContent()) === 'Works', 'the choice');
  await cell(page, 2, 7).dblclick();
  await page.getByRole('combobox', { name: 'Country' }).fill('japan');
  await page.getByRole('option', { name: 'Japan' }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.g-chips').getByText('Japan').waitFor();
  await page.keyboard.press('Tab');
  await eventually(async () => (await cell(page, 2, 7).textContent()).includes('Japan'), 'the link');
  await cell(page, 2, 3).click();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  const box = () => cell(page, 2, 10).locator('.check').getAttribute('aria-label');
  const before = await box();
  await page.keyboard.press('Enter');
  await eventually(async () => (await box()) !== before, 'a changed tick');
});

test('delete with undo from the notice', async (page) => {
  await cell(page, 3, 1).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete country' }).click();
  await page.getByText('1 country deleted.').waitFor();
  await eventually(async () => (await cell(page, 3, 1).textContent()) === 'Japan', 'the next row moves up');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => (await cell(page, 3, 1).textContent()) === 'Germany', 'the record is back');
}, { path: '/o/acme/b/appRoutes/tblCountries' });

test('filter, sort, hide, find', async (page) => {
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('button', { name: 'Condition' }).click();
  await page.getByLabel('Field', { exact: true }).selectOption({ label: 'City' });
  await page.getByLabel('Value for City').fill('Munich');
  await page.getByText(' of 7,698').waitFor();
  await eventually(async () => (await cell(page, 1, 4).textContent()) === 'Munich' && (await cell(page, 2, 4).textContent()) === 'Munich', 'only Munich');
  await page.getByRole('button', { name: /Remove the condition/ }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sort', exact: true }).click();
  await page.getByLabel('Add a field to sort by').selectOption({ label: 'Routes' });
  await eventually(async () => (await cell(page, 1, 5).textContent()) === '0', 'least routes first');
  await page.getByRole('button', { name: /Do not sort/ }).click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+f');
  await page.getByRole('textbox', { name: 'Find in view' }).fill('tokyo');
  await eventually(async () => /Tokyo/.test(await cell(page, 1, 1).textContent()), 'rows with tokyo');
  await page.keyboard.press('Escape');
  await eventually(async () => /Paulo/.test(await cell(page, 1, 1).textContent()), 'all rows');
});

test('the record panel edits, steps and closes; its address can be opened', async (page) => {
  await cell(page, 2, 1).click();
  await page.keyboard.press('Space');
  const panel = page.locator('.record');
  await panel.getByRole('heading', { name: /Brasília/ }).waitFor();
  assert.match(page.url(), /record=/);
  const city = panel.getByLabel('City');
  await city.fill('Capital');
  await city.press('Enter');
  await eventually(async () => (await cell(page, 2, 4).textContent()) === 'Capital', 'the cell behind the panel');
  await panel.getByText('Before').first().waitFor();
  await panel.getByRole('button', { name: /Restore/ }).first().click();
  await eventually(async () => (await cell(page, 2, 4).textContent()) === 'Brasília', 'the restored value');
  await panel.getByRole('button', { name: 'Next airport' }).click();
  await panel.getByRole('heading', { name: /Rio/ }).waitFor();
  await page.keyboard.press('Escape');
  await eventually(async () => (await panel.count()) === 0, 'a closed panel');
});

test('somebody else changes a cell: it shows, and the selection stays with its record', async (page) => {
  await cell(page, 4, 4).click();
  await page.evaluate(async () => { await fetch('/v1/records?keys=id', { method: 'PATCH', body: JSON.stringify({ records: [{ id: 'recA4', fields: { fldCity: 'Elsewhere' } }] }) }); });
  await eventually(async () => (await cell(page, 5, 4).textContent()) === 'Elsewhere', 'the change of somebody else');
  await page.evaluate(async () => { await fetch('/v1/records?ids=recA0', { method: 'DELETE' }); });
  await eventually(async () => (await active(page))?.row === 3, 'the focus follows its record up');
  await page.evaluate(async () => { await fetch('/v1/tables/tblAirports/restore', { method: 'POST', body: JSON.stringify({ records: ['recA0'] }) }); });
  await eventually(async () => (await active(page))?.row === 4, 'and down again');
});

test('add a field with choices, rename a view, add and delete a table', async (page) => {
  await page.keyboard.press('Control+ArrowRight');
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Class');
  await page.getByRole('button', { name: /^Type/ }).click();
  await page.getByRole('combobox', { name: 'Find a type' }).fill('single select');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Add a choice' }).click();
  await page.getByLabel('Choice 1').fill('Hub');
  await page.getByRole('button', { name: 'Add field' }).click();
  await page.getByRole('columnheader', { name: /Class/ }).waitFor();
  await page.getByRole('button', { name: 'Add a table' }).click();
  await page.getByRole('menuitem', { name: 'New table' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Gates');
  await page.keyboard.press('Enter');
  await page.getByText('No gates yet').waitFor();
  await page.getByRole('button', { name: 'Add gate' }).first().click();
  await eventually(async () => (await cell(page, 1, 1).count()) === 1, 'a first gate');
  await page.getByRole('button', { name: 'Table Gates' }).click();
  await page.getByRole('menuitem', { name: 'Delete Gates' }).click();
  await page.getByRole('button', { name: 'Delete Gates' }).click();
  await eventually(async () => (await page.getByText('Gates').count()) === 0, 'no table Gates');
});

test('import with a row that does not fit', async (page) => {
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Or paste rows').fill('name,seats\nA320,180\nA321,many\nA350,315');
  await page.getByRole('button', { name: 'Read the pasted rows' }).click();
  await page.getByLabel('Type of seats').selectOption('number');
  await page.getByRole('button', { name: 'Create table' }).click();
  await page.getByRole('heading', { name: '3 rows imported' }).waitFor();
  await page.getByText('Not a number').waitFor();
  await page.getByRole('button', { name: 'Open the table' }).click();
  await eventually(async () => (await cell(page, 3, 1).textContent()) === 'A350', 'the imported rows');
});

test('a new record in a filtered view says where it went', async (page) => {
  await page.getByRole('button', { name: 'Add airport' }).first().click();
  await page.getByText('does not show here').waitFor();
  await page.locator('.toast').getByRole('button', { name: 'Open airport' }).click();
  await page.locator('.record').getByRole('heading', { name: 'Unnamed airport' }).waitFor();
}, { path: '/o/acme/b/appRoutes/tblAirports/viwHubs' });

test('on a phone a tap opens the record, a second tap on a cell edits', async (page) => {
  await cell(page, 3, 1).tap();
  const panel = page.locator('.record');
  await panel.getByRole('heading', { name: /Rio/ }).waitFor();
  await panel.getByRole('button', { name: 'Close' }).tap();
  await cell(page, 3, 2).tap();
  await cell(page, 3, 2).tap();
  await page.getByRole('textbox', { name: 'IATA' }).fill('GIG');
  await page.keyboard.press('Enter');
  await eventually(async () => (await cell(page, 3, 2).textContent()) === 'GIG', 'the typed code');
}, { width: 390, height: 844, touch: true });

test('resize a column, move a column, choose a total', async (page) => {
  const head = page.getByRole('columnheader', { name: /City/ });
  const box = await head.boundingBox();
  await page.mouse.move(box.x + box.width - 2, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width + 58, box.y + 10, { steps: 4 });
  await page.mouse.up();
  await eventually(async () => Math.abs((await head.boundingBox()).width - box.width - 60) < 2, 'a wider column');
  let status = null;
  await eventually(async () => (status = await page.getByRole('columnheader', { name: /Status/ }).boundingBox()) !== null, 'the header of Status');
  await page.mouse.move(box.x + 40, box.y + 16);
  await page.mouse.down();
  await page.mouse.move(status.x + 10, box.y + 16, { steps: 8 });
  await page.mouse.up();
  await eventually(async () => /City/.test(await page.locator('[role=columnheader][aria-colindex="4"]').textContent()), 'City before Status');
  await page.getByRole('button', { name: 'Add a total to Routes' }).click();
  await page.getByRole('menuitem', { name: 'Sum' }).click();
  await page.getByRole('button', { name: /Routes: Sum [0-9,]+/ }).waitFor();
});

test('drag of the fill handle continues a series', async (page) => {
  await cell(page, 1, 5).click();
  await page.keyboard.type('10');
  await page.keyboard.press('Enter');
  await page.keyboard.type('20');
  await page.keyboard.press('Enter');
  await cell(page, 1, 5).click();
  await cell(page, 2, 5).click({ modifiers: ['Shift'] });
  const handle = await page.locator('.g-handle').boundingBox();
  const target = await cell(page, 5, 5).boundingBox();
  await page.mouse.move(handle.x + 4, handle.y + 4);
  await page.mouse.down();
  await page.mouse.move(target.x + 20, target.y + 10, { steps: 6 });
  await page.mouse.up();
  await eventually(async () => (await cell(page, 5, 5).textContent()) === '50', '30, 40, 50');
});

let failed = 0;
const wanted = process.argv[2];
for (const { name, run, options } of cases) {
  if (wanted && !name.includes(wanted)) continue;
  await fetch(`${ORIGIN}/mock/reset`);
  const { page, context, problems, violations } = await open(browser, { width: 1440, height: 900, ...options });
  page.setDefaultTimeout(5000);
  try {
    await page.locator('[role=gridcell][aria-colindex]').first().waitFor();
    await eventually(async () => (await cell(page, 1, 1).textContent()) !== '', 'first rows');
    await page.locator('[role=grid]').focus();
    await run(page);
    const wrong = [...problems.filter((p) => !/422|404/.test(p)), ...(await violations())];
    assert.deepEqual(wrong, []);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.message).split('\n').slice(0, 6).join('\n      ')}\n      ${problems.slice(0, 3).join('\n      ')}`);
    await page.screenshot({ path: new URL(`shots/fail-${failed}.png`, import.meta.url).pathname });
  }
  await context.close();
}
await browser.close();
console.log(failed === 0 ? `all passed over ${ORIGIN}` : `${failed} failed`);
process.exitCode = failed ? 1 : 0;
