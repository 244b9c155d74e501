import fc from 'fast-check';
import { nodeConfig } from '@lightspeed/proxy';
import type { Register } from '@lightspeed/control';
import { expect, it } from 'vitest';
import type { Client } from '../src/control/client.ts';
import { ClientRegistry } from '../src/control/client-registry.ts';

const MESSAGE: Register = { type: 'register', dialect: 'standard', gameId: 0, clientVersion: '1', extensions: [] };
const link = { send: () => undefined, dismiss: () => Promise.resolve() };
const MAX_CLIENTS = 8;
const MAX_PER_ADDRESS = 4;

const steps = fc.array(fc.oneof(fc.record({ from: fc.integer({ min: 1, max: 3 }) }), fc.record({ end: fc.integer({ min: 0, max: 12 }) })), {
  maxLength: 80,
});

it('ids, tokens and places in memory are held by those clients that are there, by nobody else, and by each once', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const registry = new ClientRegistry(nodeConfig({ maxClients: MAX_CLIENTS, maxSessionsPerAddress: MAX_PER_ADDRESS }), undefined);
      const all: Client[] = [];
      const live = new Map<number, Client>();
      for (const step of list) {
        if ('end' in step) {
          const client = all.at(step.end % Math.max(1, all.length));
          if (client !== undefined) expect(registry.end(client)).toBe(live.delete(client.sessionId));
        } else {
          const held = [...live.values()].filter(({ ip }) => ip === step.from).length;
          const refusal = live.size >= MAX_CLIENTS ? 'node_full' : held >= MAX_PER_ADDRESS ? 'address_full' : undefined;
          const result = registry.register(MESSAGE, { ip: step.from, port: 1 }, link);
          expect(result.type === 'refused' ? result.code : undefined).toBe(refusal);
          if (result.type === 'refused') continue;
          all.push(result.client);
          live.set(result.client.sessionId, result.client);
        }
        expect([...registry.all]).toEqual([...live.values()]);
        const held = [...live.values()];
        expect(new Set(held.map(({ index }) => index)).size).toBe(live.size);
        expect(new Set(held.map(({ ip, token }) => `${ip} ${token}`)).size).toBe(live.size);
        for (const client of all) expect(registry.get(client.sessionId)).toBe(live.get(client.sessionId));
      }
    }),
  );
});
