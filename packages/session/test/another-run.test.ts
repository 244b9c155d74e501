import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { expect, it } from 'vitest';
import { SERVER, textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { HOME, opened, playing, sealed } from './support/tagging-client.ts';

/** Where the nonces of the second run begin. */
const SECOND_RUN = 2n ** 32n;

it('a client that was started again plays on in the session whose secret it has kept, from the same egress port', () => {
  const host = new RelayHost({ admission: 'registered' });
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
  const first = clientAt(host, '203.0.113.5:1', token);
  prove(first, token, 0n, { sequence: 0 });
  for (let sequence = 1; sequence <= 300; sequence++) first.data('first', SERVER, undefined, sequence);
  const before = host.takeToServers();

  const second = clientAt(host, '203.0.113.5:2', token);
  prove(second, token, SECOND_RUN, { sequence: 0 });
  for (let sequence = 1; sequence <= 20; sequence++) second.data(`${sequence}`, SERVER, undefined, sequence);
  const after = host.takeToServers();
  expect(after.map(({ bytes }) => textOf(bytes))).toEqual(Array.from({ length: 20 }, (_, index) => `${index + 1}`));
  expect(new Set([...before, ...after].map(({ egress }) => egress)).size).toBe(1);
  expect([host.relay.sessionCount, host.drops()]).toEqual([1, {}]);

  // A HANDSHAKE that is repeated has the next nonce, and does not make the session forget what it has seen.
  prove(second, token, SECOND_RUN + 1n, { sequence: 0 });
  second.data('again', SERVER, undefined, 5);
  expect(host.takeToServers()).toEqual([]);
  expect(host.drops()).toEqual({ 'client:duplicate': 1 });
});

it('its packets have tags with other keys than those of the first run', () => {
  const { host, token, up, packet, guess, client } = playing();
  guess(8);
  client.raw(sealed(packet('first'), up));
  expect(host.takeToServers()).toHaveLength(1);
  const recorded = sealed(packet('recorded', 40), up);

  const again = clientAt(host, HOME, token);
  prove(again, token, SECOND_RUN, { sequence: 0 });
  const keys = tagKeys(SECRET, SESSION_ID, SECOND_RUN, hmacSha256);
  expect(() => host.takeToClients().map(({ bytes }) => opened(bytes, keys.down))).not.toThrow();
  again.raw(recorded);
  again.raw(sealed(packet('second', 1), keys.up));
  expect(host.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['second']);
});
