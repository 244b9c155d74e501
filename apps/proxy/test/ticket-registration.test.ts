import { appendFileSync, writeFileSync } from 'node:fs';
import { limitsExtension, ticketExtension } from '@lightspeed/control';
import type { NodeSettings } from '@lightspeed/proxy';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import { decodeTicket, formatRevocation } from '@lightspeed/security';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';
import { Issuer } from './support/tickets.ts';

const issuer = new Issuer();

function ticketNode(settings: NodeSettings = {}) {
  return registrarNode({ issuerKeys: [issuer.publicKey], ...settings });
}

function idOf(ticket: Uint8Array): string {
  const decoded = decodeTicket(ticket);
  if (decoded.type === 'refused') throw new Error(decoded.text);
  return decoded.id;
}

it('a ticket lets in, with its own limits', async () => {
  const node = await ticketNode();
  const server = await testServer();
  const client = await playingClient(node, { ticket: issuer.ticket({ ratePps: 50, rateBps: 20_000 }) });
  expect(limitsExtension.find(client.ack.extensions)).toEqual({ ratePps: 50, rateBps: 20_000 });
  await client.roundTrip(server.endpoint, 'hello');
  for (let packet = 0; packet < 100; packet++) client.data(server.endpoint, 'burst');
  await eventually(() => expect(node.stats().clientDrops.rate_packets).toBeGreaterThan(0));
});

it('whatever is no ticket of the issuer is refused in words, and nothing is let in', async () => {
  const revoked = issuer.ticket();
  const list = temporaryFile('revoked.txt', formatRevocation(idOf(revoked)));
  const node = await ticketNode({ revocationList: list });
  const altered = issuer.ticket();
  // The lowest bit of its limit of bytes per second.
  altered[54] ^= 1;
  const now = Math.floor(Date.now() / 1_000);
  const refused: readonly (readonly [Uint8Array | undefined, string])[] = [
    [undefined, 'this node wants a ticket'],
    [new Uint8Array(3).fill(1), 'the ticket is damaged or incomplete'],
    [new Issuer().ticket(), 'the ticket was issued with a key that this node does not trust'],
    [altered, 'the signature of the ticket is wrong'],
    [issuer.ticket({ notBefore: now + 600 }), 'the ticket is not valid yet'],
    [issuer.ticket({ expiresAt: now - 1 }), 'the ticket has expired'],
    [revoked, 'the ticket was revoked'],
  ];
  for (const [ticket, words] of refused) {
    const control = await Control.connect(node);
    await control.register(ticket === undefined ? [] : [ticketExtension.encode(ticket)]);
    expect(await control.refusal()).toEqual(['auth_failed', words]);
    await control.connection.whenClosed;
  }
  expect(node.stats().relay.registrations).toBe(0);
});

it('a node that registers nobody says so', async () => {
  const node = await registrarNode({ registration: 'nobody' });
  const control = await Control.connect(node);
  await control.register();
  expect(await control.refusal()).toEqual(['auth_failed', 'nobody may register with this node; its operator can change that']);
});

it('a client of dialect `reference` has no way to show a ticket, and hears no in its own number', async () => {
  const control = await Control.connect(await ticketNode());
  await control.stream.send({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 0 }, 'reference');
  control.stream.dialect = 'reference';
  expect((await control.heard('disconnect')).reason).toBe('auth_failed');
});

it('a ticket is good for so many sessions at once, and again when one is over', async () => {
  const node = await ticketNode();
  const ticket = issuer.ticket({ maxSessions: 1 });
  const first = await playingClient(node, { ticket });
  const second = await Control.connect(node);
  await second.register([ticketExtension.encode(ticket)]);
  expect((await second.refusal())[1]).toMatch(/^the ticket has as many sessions as it may have at once; it is used from /);
  await first.control.say({ type: 'disconnect', reason: 'normal' });
  await first.next('fin');
  await registeredClient(node, { ticket });
});

it('sessions end when their ticket does', async () => {
  const node = await ticketNode();
  const now = Math.floor(Date.now() / 1_000);
  const client = await playingClient(node, { ticket: issuer.ticket({ expiresAt: now + 3 }) });
  expect(await client.control.refusal()).toEqual(['auth_failed', 'the ticket has expired']);
  await client.next('fin');
});

it('sessions end when their ticket is revoked, and a list that cannot be read changes nothing', async () => {
  const list = temporaryFile('revoked.txt', '');
  const node = await ticketNode({ revocationList: list });
  const server = await testServer();
  const [unlucky, lucky] = [issuer.ticket({ name: 'bob' }), issuer.ticket()];
  const bob = await playingClient(node, { ticket: unlucky });
  const alice = await playingClient(node, { ticket: lucky });
  appendFileSync(list, formatRevocation(idOf(unlucky), 'bob, gone'));
  expect(await bob.control.refusal()).toEqual(['auth_failed', 'the ticket was revoked']);
  await bob.next('fin');
  await alice.roundTrip(server.endpoint, 'still here');

  // Half a line: a list that is being written. Bob stays out, and nobody else is let go.
  writeFileSync(list, idOf(lucky).slice(0, 20));
  const again = await Control.connect(node);
  await again.register([ticketExtension.encode(unlucky)]);
  expect(await again.refusal()).toEqual(['auth_failed', 'the ticket was revoked']);
  await alice.roundTrip(server.endpoint, 'still here, too');
});

it('a node does not start without the revocations that it was to have', async () => {
  const list = temporaryFile('revoked.txt', 'what is this\n');
  const start = startNode(
    nodeConfig({
      dataBind: '127.0.0.1:0',
      controlBind: '127.0.0.1:0',
      httpBind: 'off',
      issuerKeys: [issuer.publicKey],
      revocationList: list,
    }),
  );
  await expect(start).rejects.toMatchObject({
    code: 'ERR_PROXY_REVOCATIONS',
    message: expect.stringContaining('line 1') as string,
  });
});
