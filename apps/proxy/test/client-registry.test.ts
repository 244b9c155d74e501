import fc from 'fast-check';
import { nodeConfig } from '@lightspeed/proxy';
import type { Register } from '@lightspeed/control';
import { AddressBook } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import type { Client } from '../src/control/client.ts';
import { AccountBans } from '../src/control/account-bans.ts';
import { ClientRegistry } from '../src/control/client-registry.ts';

const NO_BANS = await AccountBans.open(undefined);

const MESSAGE: Register = { type: 'register', dialect: 'standard', gameId: 0, clientVersion: '1', extensions: [] };
const link = { send: () => undefined, answers: () => Promise.resolve(true), dismiss: () => Promise.resolve() };
/** The last two share a /64. */
const ADDRESSES = ['203.0.113.1', '2001:db8::1', '2001:db8:0:1::1', '2001:db8:0:1::2'] as const;
const MAX_CLIENTS = 8;
const MAX_PER_ADDRESS = 4;

const steps = fc.array(fc.oneof(fc.record({ from: fc.constantFrom(...ADDRESSES) }), fc.record({ end: fc.integer({ min: 0, max: 12 }) })), {
  maxLength: 80,
});

it('ids, tokens and places in memory are held by those clients that are there, by nobody else, and by each once', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const addresses = new AddressBook();
      const config = nodeConfig({ maxClients: MAX_CLIENTS, maxSessionsPerAddress: MAX_PER_ADDRESS });
      const registry = new ClientRegistry(config, addresses, undefined, NO_BANS);
      const all: Client[] = [];
      const live = new Map<number, Client>();
      for (const step of list) {
        if ('end' in step) {
          const client = all.at(step.end % Math.max(1, all.length));
          if (client !== undefined) expect(registry.end(client)).toBe(live.delete(client.sessionId));
        } else {
          const ip = addresses.parse(step.from) ?? 0;
          const prefix = addresses.formatPrefix(ip).replace('/64', '');
          const held = [...live.values()].filter((client) => registry.addressOf(client) === prefix).length;
          const refusal = live.size >= MAX_CLIENTS ? 'node_full' : held >= MAX_PER_ADDRESS ? 'address_full' : undefined;
          const result = registry.register(MESSAGE, { ip, port: 1 }, link);
          expect(result.type === 'refused' ? result.code : undefined).toBe(refusal);
          if (result.type === 'refused') continue;
          all.push(result.client);
          live.set(result.client.sessionId, result.client);
        }
        expect([...registry.all]).toEqual([...live.values()]);
        const held = [...live.values()];
        expect(new Set(held.map(({ index }) => index)).size).toBe(live.size);
        expect(new Set(held.map((client) => `${registry.addressOf(client)} ${client.token}`)).size).toBe(live.size);
        for (const client of all) expect(registry.get(client.sessionId)).toBe(live.get(client.sessionId));
      }
    }),
  );
});
