import { appendFileSync } from 'node:fs';
import { ticketExtension } from '@lightspeed/control';
import type { RunningNode } from '@lightspeed/proxy';
import { decodeTicket, formatRevocation } from '@lightspeed/security';
import { TunnelHeader } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import type { GameServer } from './support/game-server.ts';
import { Control, playingClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer, unknownClient } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';
import { Issuer } from './support/tickets.ts';

const issuer = new Issuer();
const now = Math.floor(Date.now() / 1_000);
const revoked = issuer.ticket();

function idOf(ticket: Uint8Array): string {
  const decoded = decodeTicket(ticket);
  if (decoded.type === 'refused') throw new Error(decoded.text);
  return decoded.id;
}

function altered(): Uint8Array {
  const ticket = issuer.ticket();
  // The lowest bit of its limit of bytes per second.
  ticket[54] ^= 1;
  return ticket;
}

const REFUSED: readonly (readonly [string, () => Uint8Array | undefined, string])[] = [
  ['an expired ticket', () => issuer.ticket({ expiresAt: now - 1 }), 'the ticket has expired'],
  ['a revoked ticket', () => revoked, 'the ticket was revoked'],
  ['a ticket that somebody else has signed', () => new Issuer().ticket(), 'does not trust'],
  ['a ticket that was altered', altered, 'the signature of the ticket is wrong'],
  ['no ticket', () => undefined, 'this node wants a ticket'],
];

async function scene(io: 'batch' | 'portable', list = temporaryFile('revoked.txt', formatRevocation(idOf(revoked)))) {
  const node = await registrarNode({ io, issuerKeys: [issuer.publicKey], revocationList: list });
  return { node, server: await testServer(), list };
}

/** Sends what a client would, with whatever token, and waits until the node has dropped all of it. */
async function triesEverything(node: RunningNode, server: GameServer): Promise<void> {
  const client = await unknownClient(node);
  for (let token = 0; token < 256; token++) {
    client.token = token;
    client.send(TunnelHeader.handshake(0, 1).withSessionToken(token));
    client.data(server.endpoint, 'without a ticket');
  }
  await eventually(() => expect(node.stats().clientDrops).toMatchObject({ not_admitted: 256, unknown_session: 256 }));
  expect(client.received).toEqual([]);
}

/** That a client whose session was ended gets nothing through any more, with its token, its secret and its socket. */
async function isOut(node: RunningNode, client: RegisteredClient, server: GameServer): Promise<void> {
  client.data(server.endpoint, 'too late');
  client.sendBytes(client.proof());
  client.data(server.endpoint, 'after a proof');
  await eventually(() => expect(node.stats().clientDrops).toMatchObject({ not_admitted: 1, unknown_session: 2 }));
  expect(server.payloads).not.toContain('too late');
  expect(server.payloads).not.toContain('after a proof');
}

describe.each(ENGINES)('over the %s engine', (io) => {
  it.each(REFUSED)('with %s no datagram reaches a game server', async (_what, ticket, words) => {
    const { node, server } = await scene(io);
    const control = await Control.connect(node);
    const shown = ticket();
    await control.register(shown === undefined ? [] : [ticketExtension.encode(shown)]);
    const [reason, text] = await control.refusal();
    expect(reason).toBe('auth_failed');
    expect(text).toContain(words);
    await triesEverything(node, server);
    expect(server.received).toEqual([]);
    // The way is there for who has one that counts.
    const player = await playingClient(node, { ticket: issuer.ticket() });
    await player.roundTrip(server.endpoint, 'with a ticket');
    expect(server.payloads).toEqual(['with a ticket']);
  });

  it('nor does one of a session whose ticket has expired meanwhile', async () => {
    const { node, server } = await scene(io);
    const expiresAt = Math.floor(Date.now() / 1_000) + 3;
    const client = await playingClient(node, { ticket: issuer.ticket({ expiresAt }) });
    await client.roundTrip(server.endpoint, 'in time');
    expect(await client.control.refusal()).toEqual(['auth_failed', 'the ticket has expired']);
    await client.next('fin');
    await isOut(node, client, server);
    expect(server.payloads).toEqual(['in time']);
  });

  it('nor does one of a session whose ticket was revoked meanwhile', async () => {
    const { node, server, list } = await scene(io);
    const ticket = issuer.ticket();
    const client = await playingClient(node, { ticket });
    await client.roundTrip(server.endpoint, 'in time');
    appendFileSync(list, formatRevocation(idOf(ticket)));
    expect(await client.control.refusal()).toEqual(['auth_failed', 'the ticket was revoked']);
    await client.next('fin');
    await isOut(node, client, server);
    expect(server.payloads).toEqual(['in time']);
  });
});
