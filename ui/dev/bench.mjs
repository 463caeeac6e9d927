// node dev/bench.mjs [--json]: what the grid costs in Chromium on a large table. Main-thread CPU (DevTools, thread ticks) of a wheel step, time
// from opening the page to the first rows, whether the last row is reached, heap after a fling. Targets: ≤ 8 ms a step, first rows ≤ 500 ms.
// Alone it takes the mock's 1,000,000 × 20 table; with ORIGIN, PLACE, EMAIL and PASSWORD a running product (`cargo xtask bench --only grid`).
import { launch, open, ORIGIN } from './browser.mjs';

const json = process.argv.includes('--json');
const { PLACE: place = '/o/acme/b/appRoutes/tblReadings', EMAIL: email, PASSWORD: password } = process.env;
const STEPS = 200;
const OPENINGS = 5;

const browser = await launch();
const { page, context } = await open(browser, { width: 1400, height: 900, path: email ? '/login' : place });
if (email) {
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/o\//);
}
// The moment at which the first row has its values, on the page's own clock.
await page.addInitScript(() => {
  const look = () => {
    const cell = document.querySelector('.g-r .g-c.p:not(.wait)');
    if (cell && cell.textContent !== '') globalThis.firstRows = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
const openings = [];
for (let i = 0; i <= OPENINGS; i += 1) {
  await page.goto(ORIGIN + place);
  await page.waitForFunction(() => globalThis.firstRows !== undefined, null, { timeout: 60_000 });
  // The first opening may bring the base into memory and the scripts into the browser's cache.
  if (i > 0) openings.push(await page.evaluate(() => globalThis.firstRows));
}
openings.sort((a, b) => a - b);

const session = await context.newCDPSession(page);
await session.send('Performance.enable', { timeDomain: 'threadTicks' });
const metric = async (name) => (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === name)?.value ?? 0;
const cost = async (steps, turn) => {
  const before = await metric('TaskDuration');
  for (let i = 0; i < steps; i += 1) {
    await page.mouse.wheel(...turn(i));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  return ((await metric('TaskDuration')) - before) * 1000 / steps;
};
await page.mouse.move(800, 500);
await cost(30, () => [0, 120]);
// What measuring itself costs is taken off.
const idle = await cost(STEPS, () => [0, 0]);
const wheel = await cost(STEPS, () => [0, 120]) - idle;
const fling = await cost(STEPS, () => [0, 3000]) - idle;
const sideways = await cost(STEPS / 2, (i) => [i < STEPS / 4 ? 60 : -60, 0]) - idle;

const rows = Number(await page.locator('[role=grid]').getAttribute('aria-rowcount'));
await page.locator('[role=grid]').focus();
await page.keyboard.press('Control+End');
await page.locator(`[role=row][aria-rowindex="${rows}"] .g-c.p:not(.wait)`).waitFor({ state: 'attached' });
await session.send('HeapProfiler.collectGarbage');
const heap = await metric('JSHeapUsedSize') / 1e6;
await browser.close();

const figures = { rows: rows - 1, first_rows_ms: openings[Math.floor(openings.length / 2)], idle_ms: idle, wheel_ms: wheel, fling_ms: fling, sideways_ms: sideways, heap_mb: heap };
if (json) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value.toLocaleString('en', { maximumFractionDigits: 2 })}`);
