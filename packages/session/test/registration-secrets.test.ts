import { expect, it } from 'vitest';
import { DropReason } from '@lightspeed/wire';
import { CLIENT_IP, SECRET, clientAt, proof } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const COUNT = 200;

function secretOf(session: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(16).fill(session);
}

it('each of many registrations is proved by its own secret, and by no other', () => {
  const host = new RelayHost({ admission: 'registered', maxPpsPerUnboundAddress: 10_000 });
  const secrets = Array.from({ length: COUNT }, (_, session) => secretOf(session));
  for (let session = 0; session < COUNT; session++) {
    const secret = secrets[session];
    host.relay.register({ sessionId: session + 1, prefixHigh: 0, prefixLow: CLIENT_IP, token: session + 1, dialect: 'standard', secret });
    // The relay has its own copy.
    secret.fill(0xff);
  }
  // A place that was given up is taken again, with another secret.
  host.unregister(COUNT);
  host.relay.register({ sessionId: 5_000, prefixHigh: 0, prefixLow: CLIENT_IP, token: COUNT, dialect: 'standard', secret: SECRET });
  for (let session = 0; session < COUNT - 1; session++) {
    const client = clientAt(host, `203.0.113.9:${session + 1}`, session + 1);
    client.raw(proof(session + 1, 1n, { sessionId: session + 1, secret: secretOf(session + 1) }));
    client.raw(proof(session + 1, 2n, { sessionId: session + 1, secret: secretOf(session) }));
  }
  clientAt(host, '203.0.113.9:5000', COUNT).raw(proof(COUNT, 1n, { sessionId: 5_000 }));
  expect(host.relay.sessionCount).toBe(COUNT);
  expect(host.counters.clientDrops[DropReason.badProof]).toBe(COUNT - 1);
});

it('a secret of another length is refused at once, not when somebody proves it', () => {
  const { relay } = new RelayHost({ admission: 'registered' });
  const registration = { sessionId: 1, prefixHigh: 0, prefixLow: CLIENT_IP, token: 1, dialect: 'standard' } as const;
  expect(() => relay.register({ ...registration, secret: new Uint8Array(15) })).toThrow('16 bytes, got 15');
  expect(relay.register({ ...registration, secret: new Uint8Array(16) })).toBe(true);
});
