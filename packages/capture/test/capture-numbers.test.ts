import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureNumbers, numbersInListing } from '../src/helper/capture-numbers.ts';
import { CaptureServer } from '../src/helper/server.ts';
import { MAX_CAPTURE_NUMBER, marksOf } from '../src/rules/marks.ts';

const folder = mkdtempSync(join(tmpdir(), 'lightspeed-numbers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const none = () => false;

describe('numbers of captures', () => {
  it('come again only after all others, also by a helper that starts anew', () => {
    const file = join(folder, 'all');
    const first = new CaptureNumbers(file);
    // As if sockets had all but some at the end and at the start.
    const isTaken = (number: number) => number > 20 && number <= MAX_CAPTURE_NUMBER - 20;
    const numbers = [first.take(isTaken), ...Array.from({ length: 39 }, () => new CaptureNumbers(file).take(isTaken))];
    expect(new Set(numbers).size).toBe(40);
    expect([Math.min(...numbers), Math.max(...numbers)]).toEqual([1, MAX_CAPTURE_NUMBER]);
    expect(first.take(isTaken)).toBe(numbers[0]);
  });

  it('are passed over while they are in use, and are not given out if all are', () => {
    const file = join(folder, 'used');
    writeFileSync(file, `${MAX_CAPTURE_NUMBER - 1}\n`);
    const numbers = new CaptureNumbers(file);
    expect(numbers.take((number) => number === MAX_CAPTURE_NUMBER || number === 1)).toBe(2);
    expect(() => numbers.take(() => true)).toThrow(/sockets of 16383 captures are open/);
    expect(readFileSync(file, 'utf8')).toBe('2\n');
  });

  it.each(['', '0', '-1', '16384', '1.5', 'x'])('begin anywhere where the last one is not known: %j', (text) => {
    const file = join(folder, 'unknown');
    writeFileSync(file, text);
    const number = new CaptureNumbers(file).take(none);
    expect(number).toBeGreaterThanOrEqual(1);
    expect(number).toBeLessThanOrEqual(MAX_CAPTURE_NUMBER);
  });

  it('are those of the marks that sockets have', () => {
    const line = (mark: number) => `UNCONN 0 0 8.8.4.4:27015 0.0.0.0:* ino:17 sk:1f fwmark:0x${mark.toString(16)} cgroup:/ <->`;
    const { answer } = marksOf(3, false);
    const { answer: lan } = marksOf(MAX_CAPTURE_NUMBER, true);
    const listing = [line(answer), line(lan), line(0x8_0000), 'UNCONN 0 0 0.0.0.0:68 0.0.0.0:* ino:5 sk:2 <->'].join('\n');
    expect(numbersInListing(listing)).toEqual(new Set([3, MAX_CAPTURE_NUMBER]));
  });
});

function helper(folder: string): CaptureServer {
  const file = (name: string) => join(folder, name);
  return new CaptureServer({
    listen: { path: file('helper.sock') },
    numberFile: file('captures'),
    gatewayFile: file('gateway'),
    slice: 'lightspeed-none.slice',
    idleMs: 0,
    log: () => undefined,
  });
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-numbers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The numbers that a user's captures get, until there are no more. */
async function takeAll(server: CaptureServer, uid: number): Promise<number[]> {
  const taken: number[] = [];
  for (;;) {
    const number = await server.takeNumber(uid, { kind: 'run' });
    if (number === undefined) return taken;
    taken.push(number);
  }
}

it('no user takes all captures: there is one for each who comes', async () => {
  const server = helper(folderOfTest());
  const counts: number[] = [];
  for (let user = 0; user < 6; user++) counts.push((await takeAll(server, 1_000 + user)).length);
  expect(counts).toEqual([32, 16, 8, 4, 2, 1]);
});

it('one gateway is made at a time, and keeps no user from running a game', async () => {
  const server = helper(folderOfTest());
  const gateway = { kind: 'gateway', lan: 'eth0', devices: [] } as const;
  const number = (await server.takeNumber(1_000, gateway)) ?? 0;
  expect(await server.takeNumber(0, gateway)).toBeUndefined();
  expect(await server.takeNumber(1_001, { kind: 'run' })).toBeDefined();
  server.giveBack(number);
  expect(await server.takeNumber(0, gateway)).toBeDefined();
});
