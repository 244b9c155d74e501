import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionClaims } from '@lightspeed/session';
import { AddressBook } from '@lightspeed/wire';
import { ForwardingTable } from '../src/relay/forwarding-table.ts';
import { SECRET, clientAt, proof } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

/** Other relays have these sessions. */
function claimedBy(owners: Readonly<Record<number, number>>): SessionClaims {
  return {
    claim: ({ sessionId }) => owners[sessionId],
    release: () => undefined,
    noteProof: () => undefined,
    isProved: () => false,
    wantTags: () => undefined,
    wantsTags: () => false,
    noteTags: () => undefined,
    isTagged: () => false,
    takeFresh: () => false,
  };
}

describe('what comes from an address', () => {
  it('goes to the relay of the session that proved it last, whatever becomes of the one before', () => {
    const host = new RelayHost({ admission: 'registered' }, 512, claimedBy({ 1: 7, 2: 3 }));
    const ip = 0xcb00_7105;
    const tokens = [1, 2].map((sessionId) => host.register({ sessionId, ip, dialect: 'standard', secret: SECRET }));
    const client = clientAt(host, '203.0.113.5:5000', tokens[1]);
    for (const [i, token] of tokens.entries()) client.raw(proof(token, 1n, { sessionId: i + 1 }));
    client.data('first');
    host.unregister(1);
    client.data('second');
    expect(host.forwarded.map(({ relay }) => relay)).toEqual([7, 3, 3, 3]);
    expect(host.drops()).toEqual({});
    host.unregister(2);
    client.data('third');
    expect(host.drops()).toEqual({ 'client:unknown_session': 1 });
  });
});

/** How many addresses of a session count. */
const PER_SESSION = 8;

const session = fc.integer({ min: 0, max: 3 });
const address = fc.integer({ min: 0, max: 11 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), session, address, relay: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ do: fc.constant('remove' as const), address }),
    fc.record({ do: fc.constant('forget' as const), session }),
  ),
  { maxLength: 200 },
);

it('at every moment each address has the session that it was added for last, and each session one relay', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = new ForwardingTable(new AddressBook(), () => 1);
      /** Sessions by address, the address that was added last at the end. */
      const model = new Map<number, number>();
      const relays = new Map<number, number>();
      for (const step of list) {
        if (step.do === 'add') {
          table.add(step.session, step.relay, step.address, 1);
          relays.set(step.session, step.relay);
          model.delete(step.address);
          model.set(step.address, step.session);
          const own = [...model].filter(([, of]) => of === step.session);
          if (own.length > PER_SESSION) model.delete(own[0][0]);
        } else if (step.do === 'remove') {
          table.remove(step.address, 1);
          model.delete(step.address);
        } else {
          table.forget(step.session);
          for (const [at, of] of model) if (of === step.session) model.delete(at);
        }
        expect(table.size).toBe(model.size);
        for (let at = 0; at < 12; at++) {
          const of = model.get(at);
          expect(table.find(at, 1)).toBe(of === undefined ? -1 : relays.get(of));
        }
      }
    }),
  );
});
