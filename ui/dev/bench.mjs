// node dev/bench.mjs: what the grid costs on 1,000,000 rows × 20 columns. Main-thread CPU (DevTools, thread ticks) of 200 wheel steps, time to the
// first rows, whether the last row is reached, heap after a fling. Targets are in docs: ≤ 8 ms a step, first rows ≤ 500 ms, heap ≤ 40 MB.
import { launch, open } from './browser.mjs';

const browser = await launch();
const started = Date.now();
const { page, context } = await open(browser, { width: 1400, height: 900, path: '/o/acme/b/appRoutes/tblReadings' });
await page.locator('[role=gridcell][aria-colindex]', { hasText: 'Sensor 0000001' }).waitFor();
console.log(`first rows, with the page and its scripts: ${Date.now() - started} ms`);
const session = await context.newCDPSession(page);
await session.send('Performance.enable', { timeDomain: 'threadTicks' });
const metric = async (name) => (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === name)?.value ?? 0;
await page.mouse.move(800, 500);
let idle = 0;
for (const [label, delta] of [['nothing', 0], ['120 px', 120], ['3,000 px', 3000]]) {
  const before = await metric('TaskDuration');
  for (let i = 0; i < 200; i += 1) {
    await page.mouse.wheel(0, delta);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  const cost = ((await metric('TaskDuration')) - before) * 1000 / 200;
  if (delta === 0) idle = cost;
  console.log(delta === 0 ? `measuring itself: ${cost.toFixed(2)} ms a step, taken off below` : `wheel ${label}: ${(cost - idle).toFixed(2)} ms main thread a step`);
}
const before = await metric('TaskDuration');
for (let i = 0; i < 100; i += 1) {
  await page.mouse.wheel(i < 50 ? 60 : -60, 0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
}
console.log(`sideways 60 px: ${(((await metric('TaskDuration')) - before) * 1000 / 100 - idle).toFixed(2)} ms main thread a step`);
await page.locator('[role=grid]').focus();
await page.keyboard.press('Control+End');
await page.locator('[role=row][aria-rowindex="1000001"]').waitFor();
await page.keyboard.press('Home');
await page.locator('[role=gridcell][aria-colindex]', { hasText: 'Sensor 1000000' }).waitFor();
console.log('the last row is reached');
await session.send('HeapProfiler.collectGarbage');
console.log(`heap after it all: ${(await metric('JSHeapUsedSize') / 1e6).toFixed(1)} MB`);
await browser.close();
