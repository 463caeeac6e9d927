import { chromium } from 'playwright-core';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--disable-background-networking'] });
const p = await (await b.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
p.on('console', m => console.log('console', m.type(), m.text().slice(0, 200)));
await p.goto('http://airports.sites.nclc.localhost:8080/'); await p.screenshot({ path: '/tmp/shots/site.png', fullPage: true });
await p.goto('http://api.nclc.localhost:8080/'); await p.screenshot({ path: '/tmp/shots/api.png', fullPage: true });
await p.goto('http://admin.nclc.localhost:8080/login'); await p.screenshot({ path: '/tmp/shots/admin.png', fullPage: true });
await b.close();
