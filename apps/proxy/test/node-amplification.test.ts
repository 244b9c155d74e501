import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { RunningNode } from '@lightspeed/proxy';
import { TunnelHeader } from '@lightspeed/wire';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { GAME } from './support/raw-client.ts';
import { playingClient, registeredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';

/** An address of its own that counts what it sends to the data plane and what comes back. */
class Meter {
  sentBytes = 0;
  sentDatagrams = 0;
  readonly answers: number[] = [];
  readonly #socket = createSocket('udp4');
  readonly #node: RunningNode;

  private constructor(node: RunningNode) {
    this.#node = node;
    this.#socket.on('message', ({ length }) => this.answers.push(length));
  }

  static async open(node: RunningNode): Promise<Meter> {
    const meter = new Meter(node);
    meter.#socket.bind(0, '127.0.0.1');
    await once(meter.#socket, 'listening');
    onTestFinished(() => void meter.#socket.close());
    return meter;
  }

  get receivedBytes(): number {
    return this.answers.reduce((sum, bytes) => sum + bytes, 0);
  }

  send(bytes: Uint8Array): void {
    this.sentBytes += bytes.length;
    this.sentDatagrams += 1;
    const { host, port } = this.#node.dataAddress;
    this.#socket.send(bytes, port, host);
  }
}

/** Waits until the node has looked at everything that was sent to it. */
async function looked(node: RunningNode, datagrams: number): Promise<void> {
  await eventually(() => {
    const { relay, clientDrops } = node.stats();
    const dropped = Object.values(clientDrops).reduce((sum, count) => sum + count, 0);
    expect(relay.clientPacketsReceived).toBe(datagrams);
    expect(dropped).toBeGreaterThan(0);
  });
}

describe.each(ENGINES)('over the %s engine, to an address that is not bound', (io) => {
  it('nothing goes out, whatever comes in, while others play', async () => {
    const node = await registrarNode({ io });
    const server = await testServer();
    const player = await playingClient(node);
    await player.roundTrip(server.endpoint, 'mine');
    const before = node.stats().relay.clientPacketsReceived;
    const waiting = await registeredClient(node);
    const meter = await Meter.open(node);

    const { token } = player.ack;
    for (let flags = 0; flags < 16; flags++) {
      for (const payloadBytes of [0, 1, 28, 1_400]) {
        const header = new TunnelHeader({ flags, token, sequence: 1, timestampUs: 1, source: GAME, destination: server.endpoint });
        meter.send(header.encodeWithPayload(new Uint8Array(payloadBytes)));
      }
    }
    for (const bytes of [0, 1, 19, 20, 21, 48, 1_472]) meter.send(new Uint8Array(bytes).fill(0x10));
    // Proofs of sessions that are there, by who does not have their secrets, and one that has been used.
    meter.send(waiting.proof({ sessionId: player.ack.sessionId, token }));
    meter.send(waiting.proof({ secret: new Uint8Array(16) }));
    const used = player.proof();
    player.sendBytes(used);
    await player.next('handshake');
    meter.send(used);
    await looked(node, before + meter.sentDatagrams + 1);

    await player.roundTrip(server.endpoint, 'still mine');
    expect(meter.answers).toEqual([]);
    expect(server.payloads).toEqual(['mine', 'still mine']);
  });

  it('no more goes out than came in when it becomes one, by proof or by token', async () => {
    const node = await registrarNode({ io });
    const byProof = await registeredClient(node);
    const byToken = await registeredClient(node);
    const one = await Meter.open(node);
    one.send(byProof.proof());
    await eventually(() => expect(one.answers).toHaveLength(1));
    expect(one.receivedBytes).toBeLessThanOrEqual(one.sentBytes);

    const other = await Meter.open(node);
    other.send(TunnelHeader.handshake(0, 1).withSessionToken(byToken.ack.token).encode());
    await eventually(() => expect(other.answers).toHaveLength(1));
    expect(other.receivedBytes).toBeLessThanOrEqual(other.sentBytes);
    expect(node.stats().relay.sessions).toBe(2);
  });
});
