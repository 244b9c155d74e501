import type { RunningNode } from '@lightspeed/proxy';
import { TunnelHeader } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import type { GameServer } from './support/game-server.ts';
import { playingClient, registeredClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer, unknownClient } from './support/scene.ts';

/** Waits until so many datagrams of clients were dropped, and shows that the game server has only ever got these. */
async function dropped(node: RunningNode, server: GameServer, drops: Readonly<Record<string, number>>, got: string[]) {
  await eventually(() => expect(node.stats().clientDrops).toMatchObject(drops));
  expect(server.payloads).toEqual(got);
}

async function scene(io: 'batch' | 'portable') {
  const node = await registrarNode({ io });
  const server = await testServer();
  const player = await playingClient(node);
  await player.roundTrip(server.endpoint, 'mine');
  return { node, server, player };
}

/** A client that has registered, with its own socket, that never proves anything. */
function stranger(node: RunningNode): Promise<RegisteredClient> {
  return registeredClient(node);
}

describe.each(ENGINES)('over the %s engine, no game server gets a datagram', (io) => {
  it('of an address that is not bound, whatever token it shows', async () => {
    const { node, server, player } = await scene(io);
    const thief = await unknownClient(node);
    for (let token = 0; token < 256; token++) {
      thief.token = token;
      thief.data(server.endpoint, 'guessed');
    }
    await dropped(node, server, { unknown_session: 256 }, ['mine']);
    // Nor is anything said to it.
    expect(thief.received).toEqual([]);
    await player.roundTrip(server.endpoint, 'still mine');
  });

  it("with a wrong token, or another session's", async () => {
    const { node, server, player } = await scene(io);
    const other = await playingClient(node);
    player.data(server.endpoint, 'x', (player.ack.token % 255) + 1);
    player.data(server.endpoint, 'y', other.ack.token);
    await dropped(node, server, { bad_token: 2 }, ['mine']);
  });

  it('for a proof that was altered, forged, or is heard again', async () => {
    const { node, server, player } = await scene(io);
    const thief = await stranger(node);
    const heard = player.proof();
    player.sendBytes(heard);
    await player.next('handshake');
    thief.sendBytes(heard);
    await dropped(node, server, { replayed_proof: 1 }, ['mine']);

    for (let byte = 20; byte < heard.length; byte++) {
      const altered = Uint8Array.from(player.proof());
      altered[byte] ^= 1;
      thief.sendBytes(altered);
    }
    const { ack } = player;
    thief.sendBytes(thief.proof({ sessionId: ack.sessionId, token: ack.token, nonce: 1_000n }));
    thief.sendBytes(thief.proof({ token: (thief.ack.token % 255) + 1 }));
    thief.data(server.endpoint, 'as thief');
    thief.data(server.endpoint, 'as player', ack.token);
    await dropped(node, server, { bad_proof: 25, not_admitted: 4, unknown_session: 2 }, ['mine']);
    expect(thief.received).toEqual([]);
    await player.roundTrip(server.endpoint, 'still mine');
  });

  it('for a HANDSHAKE with a token that is bound already, or of no registration', async () => {
    const { node, server, player } = await scene(io);
    const thief = await unknownClient(node);
    for (let token = 0; token < 256; token++) thief.send(TunnelHeader.handshake(0, 1).withSessionToken(token));
    await dropped(node, server, { not_admitted: 256 }, ['mine']);
    expect(thief.received).toEqual([]);
    await player.roundTrip(server.endpoint, 'still mine');
  });

  it('after the registration is over', async () => {
    const { node, server, player } = await scene(io);
    await player.control.say({ type: 'disconnect', reason: 'normal' });
    await player.next('fin');
    player.data(server.endpoint, 'late');
    player.sendBytes(player.proof());
    await dropped(node, server, { unknown_session: 1, not_admitted: 1 }, ['mine']);
  });
});
