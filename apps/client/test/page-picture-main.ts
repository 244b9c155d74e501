/** Makes docs/page.png, the picture of the live page that README shows, from a made-up match. */
import { fileURLToPath } from 'node:url';
import { PageServer } from '../src/page/page-server.ts';
import { startBrowser } from './support/browser.ts';
import { madeUpMatch } from './support/made-up-match.ts';

const FILE = fileURLToPath(new URL('../../../docs/page.png', import.meta.url));

const server = await PageServer.listen(madeUpMatch().model, { host: '127.0.0.1', port: 0 });
const browser = await startBrowser();
const page = await browser.newPage({ viewport: { width: 1_120, height: 1_000 }, timezoneId: 'UTC', locale: 'en-GB' });
await page.goto(server.newUrl());
await page.locator('#chart canvas').waitFor();
await page.screenshot({ path: FILE });
await browser.close();
await server.close();
console.log(`wrote ${FILE}`);
