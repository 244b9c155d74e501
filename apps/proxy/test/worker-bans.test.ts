import { nodeConfig } from '@lightspeed/proxy';
import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BanList } from '../src/supervisor/ban-list.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { eventually } from './support/eventually.ts';
import type { RawClient } from './support/raw-client.ts';
import { ENGINES, testClient, testServer } from './support/scene.ts';

/** A data plane of two workers that bans whoever asks for a second destination within a minute. */
async function strictDataPlane(engine: EngineKind, log: string[]): Promise<Supervisor> {
  const config = nodeConfig({
    dataBind: '127.0.0.1:0',
    requireAuth: false,
    allowDestinations: ['127.0.0.0/8'],
    workers: 2,
  });
  const relay = {
    ...DEFAULT_RELAY_OPTIONS,
    admission: 'open',
    maxDestinationsPerWindow: 1,
    destinationWindowMs: 60_000,
    fullWindowsToBan: 1,
  } as const;
  const sink = { write: (line: string) => void log.push(line) };
  const supervisor = await Supervisor.start(config, { relay, engine, log: pino({ base: null }, sink), hosts: ['127.0.0.1'] });
  onTestFinished(() => supervisor.stop());
  return supervisor;
}

/** Two clients of one address, each with another worker. */
async function clientsOfBoth(supervisor: Supervisor): Promise<[RawClient, RawClient]> {
  const found: RawClient[] = [];
  while (found[0] === undefined || found[1] === undefined) {
    const [before] = supervisor.stats().workers;
    const client = await testClient(supervisor);
    const [after] = supervisor.stats().workers;
    found[after.sessions > before.sessions ? 0 : 1] = client;
  }
  return [found[0], found[1]];
}

describe.each(ENGINES)('a ban by one worker of the %s engine', (engine) => {
  it('holds in the other one, in the successor of either, and for that address only', async () => {
    const log: string[] = [];
    const supervisor = await strictDataPlane(engine, log);
    const banned = () => supervisor.stats().clientDrops.banned;
    const servers = [await testServer(), await testServer()];
    const [sprayer, neighbour] = await clientsOfBoth(supervisor);
    const innocent = await testClient(supervisor, { from: '127.0.0.2' });

    await neighbour.roundTrip(servers[0].endpoint, 'before the ban');
    for (const { endpoint } of servers) sprayer.data(endpoint, 'spray');
    await eventually(() => expect(supervisor.stats().relay.bans).toBe(1));
    await eventually(() => expect(log.some((line) => line.includes('client banned') && line.includes('127.0.0.1'))).toBe(true));
    // The gauge is brought up to date twice a second.
    await eventually(() => expect(supervisor.stats().relay.bannedAddresses).toBe(1));

    await eventually(() => {
      neighbour.keepalive(1);
      expect(banned()).toBeGreaterThan(0);
    });
    await innocent.roundTrip(servers[0].endpoint, 'nobody banned me');

    await Promise.all([supervisor.crashWorker(0), supervisor.crashWorker(1)]);
    await eventually(() => expect(supervisor.stats().workers.map(({ state }) => state)).toEqual(['serving', 'serving']));
    for (const client of [sprayer, neighbour]) {
      const before = banned();
      client.keepalive(2);
      await eventually(() => expect(banned()).toBeGreaterThan(before));
    }
    expect(servers[1].received).toEqual([]);
  });
});

describe('the list of bans', () => {
  it('gives what is left of each, and forgets what is over', () => {
    const bans = new BanList();
    const [first, second] = [
      { prefixHigh: 0, prefixLow: 1 },
      { prefixHigh: 0x2001_0db8, prefixLow: 1 },
    ];
    bans.add({ ...first, durationMs: 1_000 }, 0);
    bans.add({ ...second, durationMs: 5_000 }, 0);
    bans.add({ ...first, durationMs: 3_000 }, 500);
    expect(bans.remaining(900.5)).toEqual([
      { ...second, durationMs: 4_100 },
      { ...first, durationMs: 2_600 },
    ]);
    expect(bans.remaining(3_500)).toEqual([{ ...second, durationMs: 1_500 }]);
    expect(bans.remaining(5_000)).toEqual([]);
  });

  it('gives up the oldest when there are more than a worker can hold', () => {
    const bans = new BanList();
    for (let ip = 0; ip <= 16_384; ip++) bans.add({ prefixHigh: 0, prefixLow: ip, durationMs: 1_000 }, 0);
    const remaining = bans.remaining(0);
    expect(remaining).toHaveLength(16_384);
    expect(remaining[0].prefixLow).toBe(1);
  });
});
