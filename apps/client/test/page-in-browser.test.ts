import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PageServer } from '../src/page/page-server.ts';
import type { PageServerOptions } from '../src/page/page-server.ts';
import type { PageRule } from '../src/page/page-state.ts';
import { browserProgram, startBrowser } from './support/browser.ts';
import { SAVES, madeUpMatch } from './support/made-up-match.ts';

const PICTURES = process.env.PAGE_PICTURES;
const WIDTHS = [1_280, 390] as const;
const SCHEMES = ['light', 'dark'] as const;

describe.skipIf(browserProgram === undefined)('the live page in Chromium (needs the package chromium)', () => {
  let browser: Browser;
  const errors: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  afterEach(() => {
    expect(errors.splice(0)).toEqual([]);
  });

  async function opened({
    width = 1_280,
    scheme = 'light',
    ...options
  }: { width?: number; scheme?: 'light' | 'dark' } & Partial<PageServerOptions>) {
    const { model, atMs } = madeUpMatch();
    const server = await PageServer.listen(model, { host: '127.0.0.1', port: 0, ...options });
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, locale: 'en-GB', timezoneId: 'UTC' });
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    onTestFinished(async () => {
      await context.close();
      await server.close();
    });
    await page.goto(server.newUrl());
    await page.locator('#chart canvas').waitFor();
    return { page, server, model, atMs };
  }

  const headline = (page: Page) => page.locator('#headline').textContent();

  it('tells a stranger whether it helps, by how much, how sure that is, and whose fault the rest is', async () => {
    const { page } = await opened({});

    expect(await headline(page)).toBe('The node fra-1 saves 18 ms');
    expect(await page.locator('#sureness').textContent()).toContain('between 15 and 21 ms, 95 % sure, by 240 comparisons');
    expect(await page.locator('#rest').textContent()).toContain('most are spent on the route from the node to the server: 29 ms');
    expect(await page.locator('#seen-as').textContent()).toBe('192.0.2.10');
  });

  it('takes the token out of the address, and shows itself again when it is loaded again', async () => {
    const { page } = await opened({});

    expect(new URL(page.url()).hash).toBe('');
    await page.reload();
    await expect.poll(() => headline(page)).toBe('The node fra-1 saves 18 ms');
  });

  it('moves as the link changes', async () => {
    const { page, server, model, atMs } = await opened({});

    model.addPoint({ atMs: atMs + 1_000, directMs: 61, nodeMs: 90 });
    model.update({ verdict: { ...SAVES, kind: 'harms', gainMs: -29, intervalMs: [-33, -24] } });
    server.tick();
    await expect.poll(() => headline(page)).toBe('The node fra-1 costs 29 ms');
    expect(await page.locator('#sureness').textContent()).toContain('between 24 and 33 ms');
    await expect.poll(() => page.locator('#node-now').textContent()).toBe('90 ms');

    model.update({ verdict: { ...SAVES, kind: 'direct', way: 'direct', because: 'no node is clearly better' } });
    server.tick();
    await expect.poll(() => headline(page)).toBe('Direct is best, nothing is done');
  });

  it('says when the client has ended', async () => {
    const { page, server } = await opened({});

    await server.close();
    await expect.poll(() => page.locator('#notice').textContent()).toContain('The client has ended');
  });

  it('asks for the new link when a client runs there again, and goes on once that was opened in the same browser', async () => {
    const { page, server } = await opened({});
    const [host, port] = server.address.split(':');
    await server.close();
    await expect.poll(() => page.locator('#notice').textContent()).toContain('When it starts again, open the new link that it prints');

    const again = await PageServer.listen(madeUpMatch().model, { host, port: Number(port) });
    onTestFinished(() => again.close());
    await expect
      .poll(() => page.locator('#notice').textContent(), { timeout: 10_000 })
      .toContain('A client runs here that has not let this page in');
    expect(await page.locator('#phase').textContent()).toBe('not live');
    const other = await page.context().newPage();
    await other.goto(again.newUrl());
    await expect.poll(() => page.locator('#phase').textContent(), { timeout: 10_000 }).toBe('connected');
    expect(await headline(page)).toBe('The node fra-1 saves 18 ms');
    // Chromium tells of requests that find nobody, or are refused.
    expect(errors.splice(0).every((text) => text.startsWith('Failed to load resource'))).toBe(true);
  });

  it('compares loss directly and by the node, explains gaps, and says what is left alone', async () => {
    const { page } = await opened({});

    expect(await page.locator('#loss dl').first().textContent()).toBe(
      'directly4.8 %by fra-1, without protection2.9 %by fra-1, with protection0.1 %',
    );
    expect(await page.locator('#series-key').textContent()).toContain('dot and gap: no answer');
    expect(await page.locator('#flows').textContent()).toContain('18,204 sent, 18,377 received');
    expect(await page.locator('#not-caught').textContent()).toContain('the system carries them by itself');
    await page.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#not-caught-rest').isVisible()).toBe(true);
    expect(await page.locator('#not-caught-rest').textContent()).toContain('NTP: a detour makes the clock wrong');
  });

  it('says in a sentence what it means that nothing is caught', async () => {
    const { page, server, model } = await opened({});

    model.update({ notCaught: null });
    server.tick();
    await expect.poll(() => page.locator('#not-caught').textContent()).toContain('carries only what programs send to its own port');
    expect(await page.locator('#not-caught-more').isVisible()).toBe(false);
  });

  it('shows names from the network as text', async () => {
    const { page, server, model } = await opened({});

    model.warn('<img src=x onerror=alert(1)>');
    server.tick();
    await expect.poll(() => page.locator('#notes').textContent()).toContain('<img src=x');
    expect(await page.locator('#notes img').count()).toBe(0);
  });

  it('is reached in all parts by the keyboard, and a rule is chosen so', async () => {
    const rules: PageRule[] = [];
    const { page } = await opened({ onChange: (rule) => Promise.resolve(void rules.push(rule)) });

    const reached: string[] = [];
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate(`document.activeElement.id || document.activeElement.tagName + document.activeElement.className`);
      reached.push(String(name));
      if (name === 'chart') {
        await page.keyboard.press('ArrowLeft');
        expect(await page.locator('#readout').textContent()).toMatch(/directly .* ms, by the node .* ms/);
      }
      if (name === 'SELECT') await page.keyboard.press('d');
    }
    expect(reached).toEqual(expect.arrayContaining(['Askip', 'chart', 'SELECT', 'DIVscroll', 'report']));
    await expect.poll(() => rules[0]).toEqual({ servers: '203.0.113.0/24', way: 'direct' });
  });

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      it(`has no fault that axe finds, and scrolls down only, in ${scheme} at ${width} pixels`, async () => {
        const { page } = await opened({ width, scheme, onChange: () => Promise.resolve() });
        await page.locator('summary').click();
        if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}-${width}-${scheme}.png`, fullPage: true });

        const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        expect(wide).toBe(0);
        // Its own text would not pass the page's policy as a script element.
        await page.evaluate(axe.source);
        const found = await page.evaluate(
          `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
        );
        expect(found).toEqual([]);
      });
    }
  }
});
