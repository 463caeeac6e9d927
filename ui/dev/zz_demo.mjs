import { chromium } from 'playwright-core';
const out = process.argv[2] || '/tmp/shots'; import fs from 'node:fs'; fs.mkdirSync(out, { recursive: true });
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--disable-background-networking'] });
const c = await b.newContext({ viewport: { width: 1440, height: 900 } });
const p = await c.newPage();
p.on('console', m => { if (['error', 'warning'].includes(m.type())) console.log('console', m.type(), m.text().slice(0, 300)); });
p.on('pageerror', e => console.log('pageerror', e.message.slice(0, 300)));
p.on('requestfailed', r => console.log('failed', r.url(), r.failure()?.errorText));
p.on('response', r => { if (r.status() >= 400) console.log(r.status(), r.url()); });
await p.goto('http://app.nclc.localhost:8080/login');
await p.screenshot({ path: out + '/login.png' });
await p.getByLabel('E-mail').first().fill(process.argv[3] || 'demo@example.com');
await p.locator('input[type=password]').first().fill(process.argv[4] || 'airports and airlines');
await p.keyboard.press('Enter');
await p.waitForURL('**/o/**', { timeout: 10000 }).catch(e => console.log(e.message.slice(0, 200), p.url()));
await p.screenshot({ path: out + '/home.png', fullPage: true });
const org = p.url().match(/\/o\/([^/]+)/)?.[1];
await p.goto(`http://app.nclc.localhost:8080/o/${org}/bases`);
await p.screenshot({ path: out + '/bases.png', fullPage: true });
const href = await p.locator('a.cover').first().getAttribute('href').catch(() => null);
console.log('base', href);
if (href) { await p.goto('http://app.nclc.localhost:8080' + href); await p.waitForTimeout(3000); await p.screenshot({ path: out + '/workspace.png' }); console.log(p.url()); }
for (const path of ['team', 'tokens', 'sites']) { await p.goto(`http://app.nclc.localhost:8080/o/${org}/${path}`); await p.screenshot({ path: `${out}/${path}.png`, fullPage: true }); }
await p.goto('http://app.nclc.localhost:8080/account'); await p.screenshot({ path: out + '/account.png', fullPage: true });
for (const [n, u] of [['www', 'http://www.nclc.localhost:8080/'], ['pricing', 'http://www.nclc.localhost:8080/pricing'], ['docs', 'http://www.nclc.localhost:8080/docs'], ['api', 'http://api.nclc.localhost:8080/'], ['admin', 'http://admin.nclc.localhost:8080/']]) { await p.goto(u); await p.screenshot({ path: `${out}/${n}.png`, fullPage: true }); }
await b.close();
