import { expect, test } from 'vitest';
import { C_RELAY, NGINX, PEERS } from '../src/peers/catalogue.ts';
import { measureMacro } from '../src/macro/macro.ts';
import { DIRECT, OURS, OURS_FEC, OURS_PORTABLE, OURS_TWO_WORKERS } from '../src/macro/entrants.ts';
import type { RelayRow } from '../src/macro/macro-data.ts';
import { macroFaults } from '../src/macro/macro-faults.ts';

const CLIENTS = 6;
/** So slow, and so patient, that any machine keeps up. */
const LOAD = { clients: CLIENTS, ratePps: 300, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 100, measureMs: 400, patienceMs: 5_000 };

test.runIf(process.platform === 'linux')('each relay answers all that it is sent, and each answer comes to its own client once', { timeout: 90_000 }, async () => {
  const said: string[] = [];
  const data = await measureMacro({
    plan: { loads: [LOAD], peers: PEERS.map(({ name }) => name), clients: CLIENTS, warmUp: LOAD, search: undefined },
    allForms: true,
    peers: true,
    progress: (text) => said.push(text),
  });
  const rows = data.loads[0].rows;
  const installed = PEERS.filter(({ name, mostClients = CLIENTS }) => mostClients >= CLIENTS && !data.missing.some((peer) => peer.name === name));

  expect(rows.map(({ relay }) => relay)).toEqual([DIRECT, OURS, OURS_FEC, OURS_PORTABLE, OURS_TWO_WORKERS, ...installed.map(({ name }) => name)]);
  expect(macroFaults(data)).toEqual([]);
  for (const row of rows) expect(withoutFigures(row), row.relay).toEqual({ relay: row.relay, unanswered: 0, ownDrops: 0, costs: row.relay !== DIRECT });
  expect(data.claims).toEqual([]);
  expect(said.some((text) => text.includes('clients are registered'))).toBe(true);
});

function withoutFigures({ relay, unanswered, ownDrops, cpuUsPerRoundTrip, residentBytes }: RelayRow) {
  return { relay, unanswered, ownDrops, costs: cpuUsPerRoundTrip > 0 && residentBytes > 0 };
}

test('the compiler and nginx are looked for, and what is not there is named with what installs it', async () => {
  for (const name of [C_RELAY, NGINX]) {
    const why = await PEERS.find((peer) => peer.name === name)?.whyNot();

    expect(why === undefined || /`apt-get install [\w. -]+`/.test(why), why).toBe(true);
  }
});
