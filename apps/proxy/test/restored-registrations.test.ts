import { ticketExtension } from '@lightspeed/control';
import type { Register } from '@lightspeed/control';
import fc from 'fast-check';
import { pino } from 'pino';
import { nodeConfig } from '@lightspeed/proxy';
import { AddressBook } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import type { Client } from '../src/control/client.ts';
import { AccountBans } from '../src/control/account-bans.ts';
import { ClientRegistry } from '../src/control/client-registry.ts';
import { TicketGate } from '../src/control/ticket-gate.ts';
import { formatSnapshots, parseSnapshots } from '../src/state/snapshot-file.ts';
import type { ClientSnapshot } from '../src/state/snapshot-file.ts';
import { Issuer } from './support/tickets.ts';

const NO_BANS = await AccountBans.open(undefined);

const link = { send: () => undefined, answers: () => Promise.resolve(true), dismiss: () => Promise.resolve() };
const ADDRESS = '10.0.0.1';
const IP = 0x0a00_0001;

const MESSAGES = {
  standard: { type: 'register', dialect: 'standard', gameId: 0, clientVersion: '1', extensions: [] },
  reference: { type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 0 },
} as const;

function register(registry: ClientRegistry, dialect: 'standard' | 'reference' = 'standard'): Client {
  const result = registry.register(MESSAGES[dialect], { ip: IP, port: 1 }, link);
  if (result.type === 'refused') throw new Error(result.text);
  return result.client;
}

function saved(sessionId: number, token: number, address = ADDRESS): ClientSnapshot {
  const nonces = { highest: 2n ** 64n - 1n, below: 5n };
  return {
    sessionId,
    address,
    token,
    dialect: 'standard',
    capabilities: 0,
    protection: 0,
    secret: new Uint8Array(16).fill(token),
    ticket: undefined,
    resumes: { highest: -1n, below: 0n },
    nonces,
    session: {
      sessionId,
      multipath: 'duplicate',
      paths: [{ number: 0, address, port: 1, local: '2001:db8::7', isValidated: true }],
      sequence: 65_535,
      groupId: 0,

      nonces,
      openingNonce: 0n,
      flows: [{ clientIp: 1, clientPort: 2, serverIp: 0xffff_ffff, serverPort: 4, egressPort: 5, groupSize: 4 }],
    },
    worker: 1,
  };
}

it('every token is the one that it was, and no new client of the address gets it', () => {
  const tokens = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { maxLength: 255 });
  fc.assert(
    fc.property(tokens, (held) => {
      const registry = new ClientRegistry(nodeConfig(), new AddressBook(), undefined, NO_BANS);
      const restored = registry.restore(
        held.map((token, index) => saved(index + 1, token)),
        0,
      );
      expect(restored.map(({ token }) => token).toSorted()).toEqual(held.toSorted());
      const fresh = Array.from({ length: 255 - held.length }, () => {
        return register(registry).token;
      });
      expect(new Set([...held, ...fresh]).size).toBe(255);
      expect(registry.register(MESSAGES.standard, { ip: IP, port: 1 }, link)).toMatchObject({
        code: 'address_full',
      });
      expect(new Set([...registry.all].map(({ index }) => index)).size).toBe(255);
    }),
    { numRuns: 30 },
  );
});

it('what is there twice, or too much, is left out', () => {
  const registry = new ClientRegistry(nodeConfig({ maxClients: 3 }), new AddressBook(), undefined, NO_BANS);
  const clients = [saved(1, 9), saved(2, 9), saved(1, 10), saved(3, 9, '2001:db8:1:2::'), saved(4, 200), saved(5, 201)];
  const restored = registry.restore(clients, 0).map(({ sessionId, token }) => [sessionId, token]);
  expect(restored).toEqual([
    [1, 9],
    [3, 9],
    [4, 200],
  ]);
});

it('sessions of a ticket that says nothing of their number come back at an upgrade, more than it may open now', async () => {
  const issuer = new Issuer();
  const config = nodeConfig({ issuerKeys: [issuer.publicKey] });
  const registry = new ClientRegistry(config, new AddressBook(), await TicketGate.open(config, pino({ level: 'silent' })), NO_BANS);
  const ticket = issuer.ticket({ maxSessions: 0 });
  const sessions = Array.from({ length: 20 }, (_, index) => ({ ...saved(index + 1, index + 1), ticket }));
  const restored = registry.restore(sessions, 0);
  expect(restored).toHaveLength(20);
  const message: Register = { ...MESSAGES.standard, extensions: [ticketExtension.encode(ticket)] };
  const another = () => registry.register(message, { ip: IP, port: 1 }, link);
  expect(another()).toMatchObject({ code: 'too_many_sessions' });
  for (const client of restored.slice(0, 12)) registry.end(client);
  expect(another()).toMatchObject({ code: 'too_many_sessions' });
  registry.end(restored[12]);
  expect(another()).toMatchObject({ type: 'registered' });
});

it('ids of 32 bits and secrets come back as they were', () => {
  const registry = new ClientRegistry(nodeConfig(), new AddressBook(), undefined, NO_BANS);
  registry.restore([saved(0xffff_fffe, 9, '2001:db8:1:2::'), saved(1, 10)], 0);
  const clients = [...registry.all].map((client) => {
    return [client.sessionId, registry.addressOf(client), registry.has(client.sessionId), registry.secretOf(client)];
  });
  expect(clients).toEqual([
    [0xffff_fffe, '2001:db8:1:2::', true, new Uint8Array(16).fill(9)],
    [1, ADDRESS, true, new Uint8Array(16).fill(10)],
  ]);
  const secrets = [...registry.registered()].map(({ secretHex }) => secretHex);
  expect(secrets).toEqual(['09'.repeat(16), '0a'.repeat(16)]);
});

it('nobody gets the secret of somebody who has left', () => {
  const registry = new ClientRegistry(nodeConfig({ maxClients: 2 }), new AddressBook(), undefined, NO_BANS);
  const first = register(registry);
  const secret = registry.secretOf(first);
  expect(secret).toHaveLength(16);
  registry.end(first);
  // Indexes go round: this one comes to the first one's again.
  let next = register(registry, 'reference');
  while (next.index !== first.index) {
    registry.end(next);
    next = register(registry, 'reference');
  }
  expect(registry.secretOf(next)).toBeUndefined();
  expect([...registry.registered()].map(({ secretHex }) => secretHex)).toEqual([undefined]);
});

it('the state comes back from its text as it was', () => {
  const clients = [saved(1, 9), { ...saved(2, 10), ticket: Uint8Array.of(1, 255), session: undefined, nonces: undefined }];
  expect(parseSnapshots([...formatSnapshots(clients)].join(''))).toEqual(clients);
});

it('no text but that of a state is taken for one', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(() => parseSnapshots(text)).toThrow();
    }),
  );
  const text = [...formatSnapshots([saved(1, 9)])].join('');
  expect(() => parseSnapshots(text.replaceAll('18446744073709551615', '18446744073709551616'))).toThrow();
  for (let length = 0; length < text.length - 1; length++) expect(() => parseSnapshots(text.slice(0, length))).toThrow();
});

it('a field that another version of the node keeps does no harm', () => {
  const clients = [saved(1, 9), saved(2, 10)];
  const text = [...formatSnapshots(clients)].join('');
  expect(parseSnapshots(text.replaceAll('"sequence":', '"idleMs":3,"sequence":'))).toEqual(clients);
});
