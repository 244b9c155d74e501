import type { Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { defineWays } from './stage.ts';

const SERVER = '8.8.4.4';
const CALM_SECS = 30;
const SERVER_NAME = `${SERVER}:27015`;
/** What is waited for on the page comes by then, else it does not come. */
const MOST_SECS = 60;
const DIRECTIONS = [
  ['From you to the node', 'home', 'A'],
  ['From the node to you', 'A', 'home'],
] as const;
/** Between the page's figures and those of the emulator and the game. */
const LOSS_ERROR = 0.012;
/** Of what a busy machine adds, both ways get their part: what is asserted is which one is shorter. */
const SURE_MS = 5;
const LOSS = { up: 0.06, down: 0.04 } as const;

/** A stranger with a browser sees what the emulator does to the ways, while it does it. */
export const livePage = defineWays(
  'live-page',
  'Chromium opens the printed address, and the page says what the ways do, before and after A worsens',
  {
    nodes: ['A', 'B'],
    servers: [SERVER],
    hasPage: true,
    pauseMs: 10,
    ways: [
      ['home', 'servers', 60],
      ['home', 'A', 20, LOSS.up, LOSS.down],
      ['A', 'servers', 20],
      ['home', 'B', 30],
      ['B', 'servers', 45],
    ],
  },
  async ({ stage, went, expect, started }) => {
    const { page, errors, openAgain } = await openBrowser(started, stage.home, stage.folder);
    const url = await stage.pageUrl();
    await page.goto(url);
    const text = async (id: string) => (await page.locator(id).textContent()) ?? '';
    const until = async (what: string, holds: () => Promise<boolean>) => {
      for (let second = 0; second < 2 * MOST_SECS; second++) {
        if (await holds()) return;
        await stage.pass(0.5);
      }
      throw new Error(`${what} is not seen; the verdict is ${await text('#verdict')}, and the losses are ${await text('#loss')}`);
    };
    const says = (id: string, pattern: RegExp) => until(`${id} ${pattern}`, async () => pattern.test(await text(id)));

    await says('#headline', /^Not known yet whether a node helps: 0 of 10 comparisons are made$/);
    expect.equal('length of what is behind # in the address', new URL(page.url()).hash.length, 0);
    const refused = await openAgain(url);
    expect.that(/has not let this page in|was used already/.test(refused), `the address lets in a second browser, which reads: ${refused}`);
    // A browser that starts slows everything down, keepalives too. The way to a node is the median of five, each five seconds apart.
    await stage.pass(CALM_SECS);
    const first = await stage.match(SERVER, () => stage.pass(4));
    went('a match without evidence', first, 'direct', 'no-evidence');

    let savedMs = 0;
    let lostMs = 0;
    const figures: Record<string, string> = {};
    /** What the page says was lost must be what the emulator lost, and what protection leaves what the game misses. */
    const compareLoss = async () => {
      for (const [direction, from, to] of DIRECTIONS) {
        await until(`${direction}: what the emulator lost`, async () => {
          const { sent, lost } = await stage.carried(from, to);
          const { before } = await lossOf(page, direction);
          figures[`${direction}: lost, on the page and by the emulator, %`] = `${percent(before)}, ${percent(lost / sent)}`;
          return lost > 20 && Math.abs(before - lost / sent) < LOSS_ERROR;
        });
      }
      await until('what the game misses', async () => {
        const left = [await lossOf(page, 'From you to the node'), await lossOf(page, 'From the node to you')];
        const { sent, answered } = await stage.report(SERVER);
        const missing = 1 - answered / sent;
        const after = left.reduce((sum, one) => sum + one.after, 0);
        figures['after protection, on the page and by the game, %'] = `${percent(after)}, ${percent(missing)}`;
        return left.every((one) => one.after < one.before / 2) && Math.abs(after - missing) < 2 * LOSS_ERROR;
      });
    };
    const second = await stage.matchBy('A', SERVER, async () => {
      await says('#headline', /^The node A saves [\d.]+ ms$/);
      savedMs = millisecondsIn(await text('#headline'));
      await says(
        '#sureness',
        /What it really saves is between .* ms, 95 % sure, by \d+ comparisons\. Probes show that the node is faster\./,
      );
      const flow = await rowOf(page, '#flows', SERVER_NAME);
      expect.that(
        /probes show that the node is faster/i.test(flow) && /measurements before the match; last measured \d+ s ago/.test(flow),
        `the flow's row is ${flow}`,
      );
      expect.that(flow.includes('by A'), `the flow's row does not name its way: ${flow}`);
      await until('the order of the ways in the matrix', async () => {
        const [byA, direct, byB] = await Promise.all(
          ['by A', 'directly', 'by B'].map(async (way) => millisecondsIn(await rowOf(page, '#matrix', way))),
        );
        return byA + SURE_MS < direct && direct + SURE_MS < byB;
      });
      await until('both ways in the chart', async () => {
        const { direct, node } = await chartNow(page);
        return direct > 0 && node + SURE_MS < direct;
      });
      await compareLoss();

      await stage.roundTrip('home', 'A', 70, LOSS.up, LOSS.down);
      await until('both ways in the chart, the node slow', async () => {
        const { direct, node } = await chartNow(page);
        return direct > 0 && node > direct + SURE_MS;
      });
      await says('#headline', /^The node A costs \d\d ms$/);
      lostMs = millisecondsIn(await text('#headline'));
      await says('#notes', /makes this match worse than the direct way/);
    });
    went('the match at A', second, 'A', 'faster');
    await says('#matches', new RegExp(`${SERVER_NAME}.*by A`));
    expect.that(errors.length === 0, `the browser complains: ${errors.join('; ')}`);
    return { 'saved, ms': savedMs, 'then lost, ms': lostMs, ...figures };
  },
);

async function rowOf(page: Page, table: string, key: string): Promise<string> {
  const row = page.locator(`${table} tbody tr`).filter({ hasText: key }).first();
  return (await row.locator('th, td').allTextContents()).join(' | ');
}

/** What a reader of the chart hears of its newest point; 0 for what is not there. */
async function chartNow(page: Page): Promise<{ readonly direct: number; readonly node: number }> {
  await page.locator('#chart').press('End');
  const read = (await page.locator('#readout').textContent()) ?? '';
  const of = (way: string) => Number(new RegExp(`${way} ([\\d.]+) ms`).exec(read)?.[1] ?? 0);
  return { direct: of('directly'), node: of('by the node') };
}

/** Shares from 0 to 1; NaN for what is not known. */
async function lossOf(page: Page, direction: string): Promise<{ readonly before: number; readonly after: number }> {
  const place = page.locator('#loss .loss-grid > div').filter({ hasText: direction });
  const [before = '', after = ''] = await place.locator('dd').allTextContents();
  return { before: shareIn(before), after: shareIn(after) };
}

function shareIn(text: string): number {
  return Number(/([\d.]+) %/.exec(text)?.[1] ?? NaN) / 100;
}

function millisecondsIn(text: string): number {
  return Number(/(-?[\d.]+) ms/.exec(text)?.[1] ?? NaN);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
