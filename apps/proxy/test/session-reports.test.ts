import { Capability, refusedDestinationsExtension, refusedPacketsExtension } from '@lightspeed/control';
import { describe, expect, it } from 'vitest';
import { playingClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';

const WITH_REPORTS = Capability.challenge | Capability.reports;
const DENIED = { ip: 0x0a00_0001, port: 27_015 };

describe.each(ENGINES)('a node with the %s engine tells a client', (io) => {
  /** Plays with two numbers missing. */
  async function playWithLoss(client: RegisteredClient, to: Parameters<RegisteredClient['roundTrip']>[0]) {
    await client.roundTrip(to, 'first');
    client.sequence += 2;
    await client.roundTrip(to, 'last');
  }

  it('what was lost on the way from it, and says nothing to one that does not know reports', async () => {
    const node = await registrarNode({ io, workers: 1 });
    const server = await testServer();
    const silent = await playingClient(node, { knows: Capability.challenge | Capability.tags });
    await playWithLoss(silent, server.endpoint);
    const client = await playingClient(node, { knows: WITH_REPORTS });
    await playWithLoss(client, server.endpoint);
    const { sessionId } = client.ack;
    expect(await client.control.heard('report')).toEqual({
      type: 'report',
      sessionId,
      expected: 4,
      received: 2,
      late: 0,
      recovered: 0,
      extensions: [],
    });
    client.sequence++;
    await client.roundTrip(server.endpoint, 'again');
    expect(await client.control.heard('report')).toMatchObject({ expected: 6, received: 3 });
    expect(silent.control.said.filter(({ type }) => type === 'report')).toEqual([]);
  });

  it('what it refuses, and to which game servers', async () => {
    const node = await registrarNode({ io, workers: 1, maxPpsPerClient: 20 });
    const server = await testServer();
    const client = await playingClient(node, { knows: WITH_REPORTS });
    client.data(DENIED, 'x');
    for (let i = 0; i < 60; i++) client.data(server.endpoint, 'x');
    const refused = new Map<string, number>();
    const denied: unknown[] = [];
    while (!refused.has('up rate_packets') || denied.length === 0) {
      const { extensions } = await client.control.heard('report');
      for (const { direction, reason, packets } of refusedPacketsExtension.find(extensions) ?? []) {
        refused.set(`${direction} ${reason}`, (refused.get(`${direction} ${reason}`) ?? 0) + packets);
      }
      denied.push(...(refusedDestinationsExtension.find(extensions) ?? []));
    }
    expect(denied).toEqual([{ ...DENIED, reason: 'destination_denied' }]);
    expect(refused.get('up destination_denied')).toBe(1);
  });
});
