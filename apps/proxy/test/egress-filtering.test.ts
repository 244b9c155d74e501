import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Capability, capabilitiesExtension } from '@lightspeed/control';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { playingClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';

const ASKS = Capability.challenge | Capability.anySource;

/** Sends to a port of this machine from a port of its own. */
async function sendFromAnother(port: number): Promise<void> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.send('from another', port, '127.0.0.1');
}

describe('a node with egress_filtering', () => {
  it('"endpoint-independent" lets anybody through to clients that ask for it, and to nobody else', async () => {
    const node = await registrarNode({ egressFiltering: 'endpoint-independent' });
    const server = await testServer();
    const asking = await playingClient(node, { knows: ASKS });
    const other = await playingClient(node);
    expect(capabilitiesExtension.find(asking.ack.extensions)).toBe(ASKS);
    expect(capabilitiesExtension.find(other.ack.extensions)).toBe(Capability.challenge);
    for (const client of [asking, other]) await client.roundTrip(server.endpoint, 'hi');
    const [toAsking, toOther] = server.received.map(({ port }) => port);
    expect(Buffer.from((await asking.next('data')).payload).toString()).toBe('hi');
    await sendFromAnother(toAsking);
    const { payload } = await asking.next('data');
    expect(Buffer.from(payload).toString()).toBe('from another');
    await sendFromAnother(toOther);
    await eventually(() => expect(node.stats().serverDrops.unsolicited).toBe(1));
  });

  it('unset grants it to nobody', async () => {
    const node = await registrarNode();
    const server = await testServer();
    const client = await playingClient(node, { knows: ASKS });
    expect(capabilitiesExtension.find(client.ack.extensions)).toBe(Capability.challenge);
    await client.roundTrip(server.endpoint, 'hi');
    await sendFromAnother(server.received[0].port);
    await eventually(() => expect(node.stats().serverDrops.unsolicited).toBe(1));
  });
});
