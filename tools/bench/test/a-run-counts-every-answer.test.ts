import { expect, test } from 'vitest';
import { C_RELAY, NGINX, PEERS } from '../src/peers/catalogue.ts';
import { peersFor } from '../src/peers/present-peers.ts';
import { measureMacro } from '../src/macro/macro.ts';
import { DIRECT, OURS, OURS_FEC, OURS_PORTABLE, OURS_TWO_WORKERS } from '../src/macro/entrants.ts';
import type { RelayRow } from '../src/macro/macro-data.ts';
import { macroFaults } from '../src/macro/macro-faults.ts';

const CLIENTS = 6;
/** So slow, so patient and so long that any machine keeps up, and reads CPU time in the middle of it. */
const LOAD = { clients: CLIENTS, ratePps: 300, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 100, measureMs: 700, timeoutMs: 5_000 };
const LOADS = [LOAD, { ...LOAD, clients: 1 }];

test.runIf(process.platform === 'linux')(
  'each relay answers all that it is sent, and each answer comes to its own client once',
  { timeout: 90_000 },
  async () => {
    const said: string[] = [];
    const data = await measureMacro({
      plan: {
        loads: LOADS,
        peers: PEERS.map(({ name }) => name),
        control: { settleMs: 0, measureMs: 50 },
        warmUp: LOAD,
        search: undefined,
        scaling: undefined,
      },
      allForms: true,
      peers: true,
      progress: (text) => said.push(text),
    });
    const installed = PEERS.filter(({ name }) => !data.missing.some((peer) => peer.name === name));
    const ours = [DIRECT, OURS, OURS_FEC, OURS_PORTABLE];
    const takingPart = [
      [...ours, OURS_TWO_WORKERS, ...peersFor(CLIENTS, installed).map(({ name }) => name)],
      [...ours, ...peersFor(1, installed).map(({ name }) => name)],
    ];

    expect(data.loads.map(({ rows }) => rows.map(({ relay }) => relay))).toEqual(takingPart);
    expect(data.relays.map(({ name }) => name)).toEqual([...ours, OURS_TWO_WORKERS, ...installed.map(({ name }) => name)]);
    expect(macroFaults(data)).toEqual([]);
    for (const row of data.loads.flatMap(({ rows }) => rows)) {
      expect(withoutFigures(row), row.relay).toEqual({ relay: row.relay, unanswered: 0, ownDrops: 0, costs: row.relay !== DIRECT });
    }
    expect(data.control.map(({ clients, usPerSecond }) => [clients, Number.isFinite(usPerSecond)])).toEqual([
      [CLIENTS, true],
      [1, true],
    ]);
    expect(data.claims).toEqual([]);
    expect(said.filter((text) => text.endsWith('clients are registered'))).toEqual([
      ...[OURS, OURS_PORTABLE, OURS_TWO_WORKERS].map((name) => `${name}: 0 of ${CLIENTS} clients are registered`),
      ...[OURS, OURS_PORTABLE].map((name) => `${name}: 0 of 1 clients are registered`),
    ]);
  },
);

function withoutFigures({ relay, unanswered, ownDrops, cpuUsPerRoundTrip, residentBytes }: RelayRow) {
  return { relay, unanswered, ownDrops, costs: cpuUsPerRoundTrip > 0 && residentBytes > 0 };
}

test('the compiler and nginx are looked for, and what is not there is named with what installs it', async () => {
  for (const name of [C_RELAY, NGINX]) {
    const why = await PEERS.find((peer) => peer.name === name)?.whyNot();

    expect(why === undefined || /`apt-get install [\w. -]+`/.test(why), why).toBe(true);
  }
});
