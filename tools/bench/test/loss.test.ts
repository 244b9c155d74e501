import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CarriedLine } from '../src/loss/carried-line.ts';
import { chartOf } from '../src/loss/chart.ts';
import { CLEAN, RANDOM, SETTINGS, protectionOf } from '../src/loss/lines.ts';
import { measureLoss } from '../src/loss/measure-loss.ts';
import { parsePeer, playPeer } from '../src/loss/peer-line.ts';
import { playLine } from '../src/loss/play-line.ts';
import { verdictOf } from '../src/report/page.ts';
import { Random } from '@lightspeed/netem';

const PLAN = { hz: 60, seconds: 20, seed: 3, deadlineMs: 30 };

describe('a game over an emulated line', () => {
  it.each(SETTINGS)('loses nothing on a clean line under %s', (setting) => {
    const { up, down } = playLine({ ...PLAN, lines: CLEAN.lines }, protectionOf(setting));
    for (const way of [up, down]) expect(way).toMatchObject({ missing: 0, lost: 0, outOfOrder: 0, addedDelayMs: 0 });
  });

  it('gives the same figures for the same seed', () => {
    const play = () => playLine({ ...PLAN, lines: RANDOM[0].lines }, protectionOf('auto'));
    expect(play()).toEqual(play());
  });

  it('meets the same losses under each setting', () => {
    const lost = ['off', 'repeat:5'].map((setting) => {
      const numbers: number[] = [];
      const line = new CarriedLine(RANDOM[0].lines, new Random(5), protectionOf(setting), () => undefined);
      line.runUntil(3_000);
      for (let n = 0; n < 600; n++) {
        const before = line.up.stats.lostRandom;
        line.sendUp(new Uint8Array(80));
        if (line.up.stats.lostRandom > before) numbers.push(n);
        line.runUntil(line.nowMs + 20);
      }
      return numbers;
    });
    const [off, repeated] = lost;
    expect(off.length).toBeGreaterThan(10);
    // A report or keepalive that leaves in the same millisecond takes the place of a payload in it.
    const others = [...off.filter((n) => !repeated.includes(n)), ...repeated.filter((n) => !off.includes(n))];
    expect(others.length).toBeLessThanOrEqual(3);
  });
});

it('what is claimed of protection holds, but for what docs/loss.md says', { timeout: 120_000 }, async () => {
  const { claims } = await measureLoss(true, () => undefined);
  const failed = claims.filter((claim) => !verdictOf(claim).startsWith('yes')).map(({ claim, load }) => `${claim}: ${load}`);
  const known = ['bytes, %, `xor:3`: 128 Hz, random 5 %'];
  expect(claims.length).toBeGreaterThanOrEqual(25);
  expect(failed.filter((claim) => !known.includes(claim))).toEqual([]);
});

it('a chart has a bar for each figure, and says what it is', () => {
  const chart = chartOf('A & B', [{ setting: 'off', 'bytes at random 5 %': '+0 %', clean: '0.00 / 0.00', 'random 5 %': '5.10 / 4.80' }]);
  expect(chart).toContain('<title>A &amp; B</title>');
  expect(chart.match(/<rect[^>]+height="5"/g)).toHaveLength(2);
  expect(chart).toContain('>5.1<');
});

describe('somebody else’s tunnel', () => {
  // One that only forwards: its loss is the line's.
  const command = `${process.execPath} ${fileURLToPath(new URL('support/forwarder.ts', import.meta.url))} {listen} {to}`;

  it('takes part by its commands', { timeout: 60_000 }, async () => {
    const peer = parsePeer(`forwarder=${command} | ${command}`);
    const lines = { up: { delayMs: 10, loss: 0.2 }, down: { delayMs: 10 } };
    const { up, down } = await playPeer({ lines, hz: 60, seconds: 3, seed: 1, deadlineMs: 1_000 }, peer);
    expect(up.lost).toBeGreaterThan(0.05);
    expect(down.lost).toBe(0);
    expect(down.addedPackets).toBe(0);
  });

  it.each(['forwarder', 'a=b|c', 'a=b {listen} {to} | c {listen}'])('is refused where a command or an address is missing: %s', (text) => {
    expect(() => parsePeer(text)).toThrow(expect.objectContaining({ code: 'ERR_LAB_USAGE' }));
  });
});
