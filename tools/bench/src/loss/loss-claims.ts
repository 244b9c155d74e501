import type { Claim } from '../report/page.ts';
import type { Way } from './carried-line.ts';
import { BURSTS, CLEAN, CONGESTED, NEARLY_CLEAN, OUTAGES, RANDOM } from './lines.ts';
import type { CongestedLine } from './lines.ts';
import { USUAL_HZ, WAYS, play } from './play-setting.ts';
import type { WayFigures } from './play-line.ts';

const FAST_HZ = 128;
/** The budget with which `auto` is compared with fixed settings that fit into it. */
const BUDGET = { budgetPercent: 120 };
const AFFORDABLE = ['repeat:5', 'repeat:23'];
const REQUEST_DEADLINE_MS = 50;
/** A repeat of each payload costs 72 to 87 %: with less room it does not fit. */
const NO_ROOM = 1.6;
const REPEAT = '`pnpm bench --loss`';

const missing = ({ missing: share }: WayFigures) => share;
const lost = ({ lost: share }: WayFigures) => share;
const added = ({ addedBytes }: WayFigures) => addedBytes;

/** How long the runs of claims are, in seconds: the usual ones, those where few events decide, and those of full lines, with seeds. */
export interface ClaimLengths {
  readonly claim: number;
  readonly pooled: number;
  readonly congested: number;
  /** 0 leaves full lines out. */
  readonly seeds: number;
}

/** What is claimed, and what was measured of it, up and down. */
export function claimsOf({ claim: seconds, pooled, congested, seeds }: ClaimLengths): Claim[] {
  const claims: Claim[] = [];
  const claim = (...parts: Parameters<typeof claimOf>) => claims.push(claimOf(...parts));
  const of = (cell: Readonly<Record<Way, WayFigures>>, value: (figures: WayFigures) => number) => WAYS.map((way) => 100 * value(cell[way]));
  const [five, ten, twenty] = RANDOM;

  const early = play('repeat:5', five, USUAL_HZ, seconds);
  claim('missing, %, `repeat:5`', '60 Hz, random 5 %', 0.4, of(early, missing));
  claim(
    'lost or out of order, %, `repeat:5`',
    '60 Hz, random 5 %',
    0.4,
    of(early, ({ lostOrBehind }) => lostOrBehind),
  );
  claim('bytes, %, `repeat:5`', '60 Hz, random 5 %, up', 75, of(early, added).slice(0, 1));
  claim('bytes, %, `repeat:5`', '60 Hz, random 5 %, down', 90, of(early, added).slice(1));
  claim('missing, %, `repeat:5`', '60 Hz, random 10 %', 1.2, of(play('repeat:5', ten, USUAL_HZ, seconds), missing));
  for (const [line, bound] of [
    [five, 0.06],
    [ten, 0.2],
    [twenty, 1.2],
  ] as const) {
    claim('missing, %, `repeat:5,20`', `60 Hz, ${line.name}`, bound, of(play('repeat:5,20', line, USUAL_HZ, seconds), missing));
  }
  const late = play('repeat:23', OUTAGES, USUAL_HZ, pooled);
  claim(
    'missing as a multiple of what no protection can bring in time, `repeat:23`',
    `60 Hz, ${OUTAGES.name}`,
    1.2,
    WAYS.map((way) => late[way].missing / late[way].floor),
  );
  claim('bytes, %, `repeat:23`', `60 Hz, ${OUTAGES.name}`, 120, of(late, added));
  claim('missing, %, `repeat:23`', `60 Hz, ${BURSTS.name}`, 2.2, of(play('repeat:23', BURSTS, USUAL_HZ, pooled), missing));
  const fast = play('repeat:5', five, FAST_HZ, seconds);
  claim('missing, %, `repeat:5`', '128 Hz, random 5 %', 0.3, of(fast, missing));
  claim('bytes, %, `repeat:5`', '128 Hz, random 5 %', 90, of(fast, added));
  const xor = play('xor:3', five, FAST_HZ, seconds);
  claim('missing, %, `xor:3`', '128 Hz, random 5 %', 0.85, of(xor, missing));
  claim(
    'bytes, %, `xor:3`',
    '128 Hz, random 5 %',
    30,
    of(xor, added),
    'payloads of 100 to 400 bytes: the XOR is as long as the longest of three',
  );
  const near = { ...five, lines: { up: { ...five.lines.up, delayMs: 12 }, down: { ...five.lines.down, delayMs: 12 } } };
  const asked = play('request', near, USUAL_HZ, seconds, { deadlineMs: REQUEST_DEADLINE_MS, budgetPercent: 255 });
  claim('missing after 50 ms, %, `request`', '60 Hz, random 5 %, round trip 24 ms', 1, of(asked, missing));
  claim('bytes, %, `request`', '60 Hz, random 5 %, round trip 24 ms', 13, of(asked, added));
  const clean = play('auto', CLEAN, USUAL_HZ, seconds);
  claim('bytes, %, `auto`', '60 Hz, clean', 1, of(clean, added));
  claim(
    'median delay more, ms, `auto`',
    '60 Hz, clean',
    0.1,
    WAYS.map((way) => clean[way].addedDelayMs),
  );
  const nearlyClean = [1, 2, 3, 4, 5, 6].map((seed) => play('auto', NEARLY_CLEAN, USUAL_HZ, seconds, undefined, seed));
  claim(
    'bytes, %, `auto`, mean of six runs',
    '60 Hz, random 0.1 %',
    5,
    WAYS.map((way) => mean(nearlyClean.map((cell) => 100 * cell[way].addedBytes))),
  );
  for (const [line, points] of [
    [five, 0.15],
    [ten, 0.15],
    [twenty, 0.4],
    [BURSTS, 0.3],
    [OUTAGES, 0.3],
  ] as const) {
    const auto = play('auto', line, USUAL_HZ, pooled, BUDGET);
    const fixed = AFFORDABLE.map((setting) => play(setting, line, USUAL_HZ, pooled));
    const worse = WAYS.map((way) => 100 * (auto[way].missing - Math.min(...fixed.map((cell) => cell[way].missing))));
    claim('missing, points above the best fixed setting of the same budget, `auto`', `60 Hz, ${line.name}`, points, worse);
  }
  if (seeds > 0) claims.push(...congestedClaims(congested, seeds));
  return claims;
}

/** Lines with little room, where redundancy takes the place of payloads. */
function congestedClaims(seconds: number, seeds: number): Claim[] {
  const claims: Claim[] = [];
  const claim = (...parts: Parameters<typeof claimOf>) => claims.push(claimOf(...parts));
  const full = CONGESTED.map((line) => {
    const runs = Array.from({ length: seeds }, (_, nth) => ({
      off: play('off', line, USUAL_HZ, seconds, undefined, nth + 1),
      auto: play('auto', line, USUAL_HZ, seconds, undefined, nth + 1),
    }));
    return {
      line,
      more: (of: (figures: WayFigures) => number, way: Way) => 100 * mean(runs.map(({ off, auto }) => of(auto[way]) - of(off[way]))),
    };
  });
  const worst = (of: (figures: WayFigures) => number, isCounted: (line: CongestedLine) => boolean) =>
    WAYS.map((way) => Math.max(...full.filter(({ line }) => isCounted(line)).map(({ more }) => more(of, way))));
  const isFull = ({ room }: CongestedLine) => room < 1;
  const hasRoom = (line: CongestedLine) => !isFull(line);
  const load = (what: string) => `60 Hz, the worst of ${CONGESTED.length} policers and queues ${what}`;
  claim('lost, points above `off`, `auto`', load('with room for the game'), 0.2, worst(lost, hasRoom));
  claim('lost, points above `off`, `auto`', load('that have less'), 0.2, worst(lost, isFull), 'reports take room too, where there is none');
  claim('missing, points above `off`, `auto`', load('with room for the game'), 1, worst(missing, hasRoom));
  claim('missing, points above `off`, `auto`', load('that have less'), 1, worst(missing, isFull));
  const tight = ({ room }: CongestedLine) => room < NO_ROOM;
  claim(
    'bytes, %, `auto`',
    load('where protection does not fit'),
    6,
    worst(added, tight),
    'on some of them it lowers the loss all the same, and goes on',
  );
  return claims;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function claimOf(claim: string, load: string, bound: number, measured: readonly number[], unreachable?: string): Claim {
  return { claim, against: '–', load, bound, measured, repeat: REPEAT, ...(unreachable !== undefined && { unreachable }) };
}
