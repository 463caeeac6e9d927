// Every type of field from the keyboard: made in the dialog, a cell of each edited, calculated fields that follow an edit at once, and a
// change of a type that says first what it loses.
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { audit, expect, test } from '../support/test.ts';

interface Place { base: string; works: string; items: string; token: string; item: string }
let place: Place;

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Fields', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Fields' })).id as string;
  const items = (await post('/v1/tables', { base, name: 'Items', fields: [{ name: 'Name', type: 'text' }, { name: 'Price', type: 'number' }] })).id as string;
  const made = await post('/v1/records', { table: items, records: [{ fields: { Name: 'Lamp', Price: 40 } }, { fields: { Name: 'Cable', Price: 2.5 } }] });
  const works = (await post('/v1/tables', { base, name: 'Works', fields: [{ name: 'Title', type: 'text' }, { name: 'State', type: 'text' }] })).id as string;
  await post('/v1/records', { table: works, records: [{ fields: { Title: 'Runway', State: 'Open' } }, { fields: { Title: 'Apron', State: 'Shut' } }, { fields: { Title: 'Tower', State: 'Open' } }] });
  place = { base, works, items, token, item: made.data[0].id };
});

const at = (slug: string, table: string): string => `${origin('app')}/o/${slug}/b/${place.base}/${table}`;

/** Opens the dialog from the palette, names the field and chooses its type, all by keys. */
async function openDialog(page: Page, name: string, type: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(page.getByPlaceholder('Find a command, table or view')).toBeFocused();
  await page.keyboard.type('add a field');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Find a type' })).toBeFocused();
  await page.keyboard.type(type);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Find a type' })).toHaveCount(0);
}

async function addField(page: Page, name: string, type: string, options?: () => Promise<void>): Promise<void> {
  await openDialog(page, name, type);
  await options?.();
  await page.getByRole('button', { name: 'Add field' }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(() => fieldsOf(place.works)).toContain(name);
}

async function tableOf(table: string): Promise<{ fields: { id: string; name: string; type: string; options: Record<string, unknown> }[] }> {
  const { json } = await ask(`/v1/bases/${place.base}`, { token: place.token });
  return json.tables.find((one: { id: string }) => one.id === table);
}
const fieldsOf = async (table: string): Promise<string[]> => (await tableOf(table)).fields.map((field) => field.name);

/** Goes to a cell of the first row by keys; the column as a person counts. */
async function goTo(page: Page, column: number, row = 1): Promise<void> {
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+Home');
  for (let i = 1; i < row; i += 1) await page.keyboard.press('ArrowDown');
  for (let i = 1; i < column; i += 1) await page.keyboard.press('ArrowRight');
}

const firstRecord = async (): Promise<Record<string, unknown>> => (await ask(`/v1/records?table=${place.works}&limit=1`, { token: place.token })).json.data[0].fields;

/** Name, how its type is found, what is typed into the cell, and what the API then has. */
const WRITTEN: [name: string, type: string, keys: (page: Page) => Promise<void>, value: unknown][] = [
  ['Long', 'long text', typed('Some words'), 'Some words'],
  ['Rich', 'rich text', typed('**Bold** words'), '**Bold** words'],
  ['Yes', 'checkbox', (page) => page.keyboard.press('Space'), true],
  ['Mail', 'e-mail', typed('a@b.example'), 'a@b.example'],
  ['Web', 'url', typed('nclc.example/a'), 'https://nclc.example/a'],
  ['Phone', 'phone', typed('+41 44 668 18 00'), '+41 44 668 18 00'],
  ['Code', 'barcode', typed('4006381333931'), '4006381333931'],
  ['Colour', 'colour', typed('#ABC'), '#aabbcc'],
  ['Place', 'geo', typed('47.37, 8.54'), '47.37, 8.54'],
  ['Data', 'json', typed('{"a": [1, 2]}'), { a: [1, 2] }],
  ['Key', 'uuid', typed('0F8FAD5B-D9CB-469F-A165-70867728950E'), '0f8fad5b-d9cb-469f-a165-70867728950e'],
  ['Stars', 'rating', (page) => page.keyboard.press('4'), 4],
  ['Who', 'user', async (page) => {
    await page.keyboard.press('Enter');
    await page.keyboard.type('Robin');
    await page.keyboard.press('Enter');
  }, expect.stringMatching(/^usr_/)],
  ['Day', 'date', typed('2026-11-21'), '2026-11-21'],
  ['Moment', 'date and time', typed('2026-11-21T10:30:00Z'), '2026-11-21T10:30:00Z'],
  ['Clock', 'time', typed('9:30 pm'), '21:30'],
  ['Built', 'year', typed('1974'), 1974],
  ['Length', 'duration', typed('1:30'), 5400],
  ['Amount', 'number', typed('12.75'), 12.75],
  ['Cost', 'currency', typed('1,200.50'), 1200.5],
  ['Share', 'percent', typed('25'), 0.25],
];

function typed(text: string): (page: Page) => Promise<void> {
  return async (page) => {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  };
}

test('a field of every written type is made by keys, and a cell of each is edited', async ({ signedIn: page, person }) => {
  test.setTimeout(240_000);
  await page.goto(at(person.slug, place.works));
  await ready(page);
  for (const [name, type] of WRITTEN) await addField(page, name, type);
  for (const [index, [name, , keys, value]] of WRITTEN.entries()) {
    await goTo(page, index + 3);
    await keys(page);
    await expect.poll(async () => (await firstRecord())[name], { message: name }).toEqual(value);
  }
  // Choices: made with the field, and made while a cell is written.
  await addField(page, 'Kind', 'single select', async () => {
    await page.getByRole('button', { name: 'Add a choice' }).press('Enter');
    await page.keyboard.type('Repair');
  });
  await goTo(page, WRITTEN.length + 3);
  await page.keyboard.press('Enter');
  await page.keyboard.type('Rep');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await firstRecord()).Kind).toBe('Repair');
  await addField(page, 'Tags', 'multi select');
  await goTo(page, WRITTEN.length + 4);
  await page.keyboard.press('Enter');
  for (const tag of ['Night', 'Outside']) {
    await page.keyboard.type(tag);
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Tab');
  await expect.poll(async () => (await firstRecord()).Tags).toEqual(['Night', 'Outside']);
  await expect(cell(page, 1, WRITTEN.length + 4)).toContainText('Night');
  // A wrong text is refused where it is typed.
  await goTo(page, WRITTEN.findIndex(([name]) => name === 'Colour') + 3);
  await page.keyboard.type('reddish');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'not a colour' })).toBeVisible();
  await page.keyboard.press('Escape');
  await audit(page);
  await page.keyboard.press('Control+Home');
  await pictures(page, 'workspace-fields');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.keyboard.press('Space');
  await expect(page.locator('.record').getByRole('heading', { name: 'Runway' })).toBeVisible();
  await pictures(page, 'workspace-fields-record');
});

test('link, lookup, rollup, count and formula follow an edit in another table', async ({ signedIn: page, person, watch }) => {
  test.setTimeout(120_000);
  // A formula with a mistake is refused while it is typed.
  watch.expects(/status of 4\d\d/);
  await page.goto(at(person.slug, place.works));
  await ready(page);
  await addField(page, 'Parts', 'link', () => page.getByLabel('Linked table').selectOption({ label: 'Items' }).then(() => undefined));
  const link = (await tableOf(place.works)).fields.findIndex((field) => field.name === 'Parts');
  await goTo(page, link + 1);
  await page.keyboard.press('Enter');
  for (const name of ['Lamp', 'Cable']) {
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await expect(page.locator('.g-chips')).toContainText(name);
  }
  await page.keyboard.press('Tab');
  await expect(cell(page, 1, link + 1)).toContainText('Lamp');
  await addField(page, 'Prices', 'lookup', () => page.getByLabel('Field of Items').selectOption({ label: 'Price · Number' }).then(() => undefined));
  await addField(page, 'Total', 'rollup', async () => {
    await page.getByLabel('Field of Items').selectOption({ label: 'Price · Number' });
    await page.getByLabel('Summary').selectOption('sum');
  });
  await addField(page, 'How many', 'count');
  // The formula's mistake is said while it is typed, and what is typed stays.
  await openDialog(page, 'Each', 'formula');
  const formula = page.getByRole('textbox', { name: 'Formula', exact: true });
  await formula.focus();
  await page.keyboard.type('{Tot');
  await page.keyboard.press('Enter');
  await page.keyboard.type(' / {Nothing}');
  await expect(page.locator('#formula-state')).toContainText('Nothing');
  await expect(formula).toHaveValue('{Total} / {Nothing}');
  await pictures(page, 'workspace-field-formula');
  await page.setViewportSize({ width: 1440, height: 900 });
  for (let i = 0; i < '{Nothing}'.length; i += 1) await page.keyboard.press('Backspace');
  await page.keyboard.type('{How many}');
  await expect(page.locator('#formula-state')).toContainText('Fields stand in braces');
  await page.getByRole('button', { name: 'Add field' }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await goTo(page, link + 5);
  await expect(cell(page, 1, link + 2)).toContainText('2.5');
  await expect(cell(page, 1, link + 3)).toHaveText('42.5');
  await expect(cell(page, 1, link + 4)).toHaveText('2');
  await expect(cell(page, 1, link + 5)).toHaveText('21.25');
  // A record without parts divides by zero: the cell says why.
  await expect(cell(page, 2, link + 5)).toHaveText('Divided by zero');
  await expect(cell(page, 2, link + 5)).toHaveAttribute('title', /divided by zero/);
  // Live: somebody changes a price in the other table.
  const changed = await ask(`/v1/records/${place.item}`, { token: place.token, method: 'PATCH', body: { fields: { Price: 60 } } });
  expect(changed.status, changed.text).toBe(200);
  await expect(cell(page, 1, link + 3)).toHaveText('62.5');
  await expect(cell(page, 1, link + 5)).toHaveText('31.25');
  // What is calculated cannot be typed into.
  await goTo(page, link + 5);
  await page.keyboard.type('7');
  await expect(page.getByText('is calculated and cannot be typed into')).toBeVisible();
  await audit(page);
});

test('system fields and a button', async ({ signedIn: page, person }) => {
  test.setTimeout(120_000);
  await page.goto(at(person.slug, place.items));
  await ready(page);
  for (const [name, type] of [['No', 'autonumber'], ['Made', 'created time'], ['Changed', 'modified time'], ['Maker', 'created by'], ['Changer', 'modified by']] as const) {
    await openDialog(page, name, type);
    await page.getByRole('button', { name: 'Add field' }).press('Enter');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect.poll(() => fieldsOf(place.items)).toContain(name);
  }
  await openDialog(page, 'Shop', 'button');
  await page.getByLabel('Words on the button').fill('Buy');
  await page.locator('#field-formula').fill('"https://shop.example/" & {Name}');
  await page.getByRole('button', { name: 'Add field' }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // Columns out of sight are not drawn.
  await page.getByRole('grid').focus();
  await page.keyboard.press('End');
  const button = page.getByRole('link', { name: 'Buy' }).first();
  await expect(button).toHaveAttribute('href', 'https://shop.example/Lamp');
  await expect(button).toHaveAttribute('rel', 'noopener noreferrer');
  await expect(button).toHaveAttribute('target', '_blank');
  const { fields } = await tableOf(place.items);
  const no = fields.findIndex((field) => field.name === 'No');
  await page.keyboard.press('Home');
  await expect(cell(page, 1, no + 1)).toHaveText('1');
  await expect(cell(page, 2, no + 1)).toHaveText('2');
});

test('a text becomes a select, and a number keeps what it can read: both after a preview', async ({ signedIn: page, person }) => {
  await page.goto(at(person.slug, place.works));
  await ready(page);
  const state = (await tableOf(place.works)).fields.findIndex((field) => field.name === 'State');
  await goTo(page, state + 1);
  await editField(page, 'State', 'single select');
  const preview = page.getByRole('group', { name: 'What the change keeps and loses' });
  await expect(preview.getByRole('heading')).toHaveText('Change State from single line text to single select');
  await expect(preview.locator('.keeps dd').first()).toHaveText('3');
  await expect(preview.locator('.keeps dd').last()).toHaveText('0');
  await audit(page);
  await preview.getByRole('button', { name: 'Change type' }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(cell(page, 1, state + 1).locator('.pill')).toHaveText('Open');
  const field = (await tableOf(place.works)).fields[state];
  expect(field?.type).toBe('select');
  expect((field?.options.choices as { name: string }[]).map((choice) => choice.name)).toEqual(['Open', 'Shut']);
  // Names are no numbers: the preview says how many would be lost, and going back changes nothing.
  await goTo(page, state + 1);
  await editField(page, 'State', 'number');
  await expect(preview.locator('.keeps dd').last()).toHaveText('3');
  await expect(preview.getByRole('row').filter({ hasText: 'Open' }).first()).toContainText('empty');
  await pictures(page, 'workspace-field-conversion');
  await page.setViewportSize({ width: 1440, height: 900 });
  await preview.getByRole('button', { name: 'Back' }).press('Enter');
  await page.keyboard.press('Escape');
  expect((await tableOf(place.works)).fields[state]?.type).toBe('select');
});

/** Changes the type of the field of the cell, from the palette, up to the preview. */
async function editField(page: Page, name: string, type: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(page.getByPlaceholder('Find a command, table or view')).toBeFocused();
  await page.keyboard.type(`edit the field ${name}`);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.type(type);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Check the change' }).press('Enter');
}

test('filters by days counted from today, by choices and by shares', async ({ signedIn: page, person }) => {
  const table = (await ask('/v1/tables', { token: place.token, body: { base: place.base, name: 'Tasks', fields: [
    { name: 'Task', type: 'text' }, { name: 'Due', type: 'date' }, { name: 'Tags', type: 'multi_select', options: { choices: [{ name: 'Red' }, { name: 'Blue' }] } }, { name: 'Done', type: 'percent' },
  ] } })).json.id as string;
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const filled = await ask('/v1/records', { token: place.token, body: { table, records: [
    { fields: { Task: 'Today', Due: day(0), Tags: ['Red'], Done: 0.5 } }, { fields: { Task: 'Old', Due: day(-40), Tags: ['Red', 'Blue'], Done: 1 } }, { fields: { Task: 'Never', Done: 0 } },
  ] } });
  expect(filled.status, filled.text).toBe(201);
  await page.goto(at(person.slug, table));
  await ready(page);
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('button', { name: 'Condition' }).click();
  const rows = page.getByRole('status').filter({ hasText: / of 3/ });
  await page.getByLabel('Field', { exact: true }).selectOption({ label: 'Due' });
  await page.getByLabel('Days for Due').selectOption('last_days');
  await expect(rows).toHaveText('1 of 3');
  await expect(cell(page, 1, 1)).toHaveText('Today');
  await page.getByLabel('Number of days').fill('60');
  await expect(rows).toHaveText('2 of 3');
  await page.getByLabel('Field', { exact: true }).selectOption({ label: 'Tags' });
  await page.getByLabel('Comparison').selectOption('is_all_of');
  await page.getByRole('group', { name: 'Value for Tags' }).getByRole('button', { name: 'Blue' }).click();
  await expect(cell(page, 1, 1)).toHaveText('Old');
  await expect(rows).toHaveText('1 of 3');
  await page.getByLabel('Field', { exact: true }).selectOption({ label: 'Done' });
  await page.getByLabel('Comparison').selectOption('gte');
  await page.getByLabel('Value for Done').fill('50 %');
  await expect(rows).toHaveText('2 of 3');
  await audit(page);
});
