import { judgeClaims } from '../../src/macro/claims.ts';
import { DIRECT, OURS } from '../../src/macro/entrants.ts';
import type { LoadData, MacroData } from '../../src/macro/macro-data.ts';
import { relayRows } from '../../src/macro/relay-rows.ts';
import type { WorkerScaling } from '../../src/macro/worker-scaling.ts';
import { C_RELAY, COTURN, NGINX } from '../../src/peers/catalogue.ts';
import { measurement } from './measurement.ts';

/** A run without coturn in which LightSpeed cost 12 µs, C 10 and nginx 13.333. */
export function macroData(): MacroData {
  const plan = { clients: 100, ratePps: 20_000, grainUs: 0, burst: 1, rounds: 1, warmUpMs: 300, measureMs: 1_000 };
  const costs = { [DIRECT]: 0, [OURS]: 12, [C_RELAY]: 10, [NGINX]: 40 / 3 };
  const rounds = Object.entries(costs).map(([relay, cpuUsPerRoundTrip]) => ({ relay, windows: [measurement({ cpuUsPerRoundTrip })] }));
  const loads: LoadData[] = [{ plan, rows: relayRows(rounds) }];
  const highest = [
    { relay: OURS, ratePps: 66_000 },
    { relay: NGINX, ratePps: 60_000 },
  ];
  const workers: WorkerScaling = {
    share: 0.25,
    rates: [
      { workers: 1, ratePps: 30_000 },
      { workers: 2, ratePps: 57_000 },
    ],
  };
  return {
    layout: '2 cores',
    payloadBytes: 120,
    relays: Object.keys(costs).map((name) => ({ name, about: 'a relay', version: '1', command: `start ${name}` })),
    missing: [{ name: COTURN, why: 'turnserver not found: `apt-get install coturn`' }],
    control: [
      { clients: 1, usPerSecond: 20 },
      { clients: 100, usPerSecond: 1_800 },
    ],
    loads,
    highest,
    workers,
    claims: judgeClaims({ loads, highest, workers }),
  };
}
