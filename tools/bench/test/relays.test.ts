import { expect, test } from 'vitest';
import { DIRECT, ENTRANTS } from '../src/relays/entrants.ts';
import { measureRelays, relayFaults } from '../src/relays/measure-relays.ts';
import { relayRows } from '../src/relays/rounds.ts';
import { measurement } from './support/measurement.ts';

/** So slow, so patient and so long that any machine keeps up, and reads CPU time in the middle of it. */
const LOAD = { clients: 6, ratePps: 300, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 100, measureMs: 700, timeoutMs: 5_000 };

test.runIf(process.platform === 'linux')(
  'each relay answers all that it is sent, and each answer comes to its own client once',
  { timeout: 120_000 },
  async () => {
    const { loads, missing } = await measureRelays({ loads: [LOAD], warmUp: LOAD }, () => undefined);
    const names = ENTRANTS.flatMap((entrant) => entrant.names).filter((name) => !(name in missing));
    const rows = relayRows(loads[0].rounds);

    expect(rows.map(({ relay }) => relay)).toEqual(names);
    expect(relayFaults(loads)).toEqual([]);
    for (const { relay, sent, answered, late, ownDrops, cpuUsPerRoundTrip, residentBytes } of rows) {
      const unanswered = sent - answered - late;
      const costs = cpuUsPerRoundTrip > 0 && residentBytes > 0;
      expect({ relay, unanswered, ownDrops, costs }).toEqual({ relay, unanswered: 0, ownDrops: 0, costs: relay !== DIRECT });
    }
  },
);

test('a relay that delivers answers twice, or to somebody else, is named', () => {
  const windows = [measurement({ duplicates: 2 }), measurement({ misdelivered: 1, duplicates: 1 })];

  expect(relayFaults([{ load: LOAD, rounds: [{ relay: 'some relay', windows }] }])).toEqual([
    'some relay, 300 a second: 1 answers were misdelivered',
    'some relay, 300 a second: 3 answers were duplicates',
  ]);
});

test('what is not there is named with what installs it', () => {
  for (const { whyNot } of ENTRANTS) {
    const why = whyNot();
    expect(why === undefined || /`apt-get install [\w. -]+`/.test(why), why).toBe(true);
  }
});
