import { describe, expect, it } from 'vitest';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof } from './support/proof-client.ts';
import { PROGRAM, SERVER } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

const NONE = { expected: 0, received: 0, late: 0 };

function sessionScene() {
  const host = new RelayHost({ admission: 'registered' });
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET });
  const client = clientAt(host, '203.0.113.5:1', token);
  client.raw(proof(token, 1n));
  const send = (...sequences: number[]) => {
    for (const sequence of sequences) client.data('x', SERVER, PROGRAM, sequence);
    return host.relay.takeLossOf(SESSION_ID);
  };
  return { host, client, send };
}

describe('the loss of a session', () => {
  it('is what was missing, and what was late, since it was asked about last', () => {
    const { send } = sessionScene();
    expect(send()).toEqual(NONE);
    expect(send(10, 11, 12)).toEqual({ expected: 3, received: 3, late: 0 });
    expect(send(13, 16)).toEqual({ expected: 4, received: 2, late: 0 });
    // One of the two comes after all, and again: it is late once.
    expect(send(15, 15, 17)).toEqual({ expected: 1, received: 2, late: 1 });
    expect(send()).toEqual(NONE);
  });

  it('is that on the wire: what parity brings back counts as lost', () => {
    const { host, client } = sessionScene();
    client.sequence = 20;
    client.fecData(0, 0, 2, 'a');
    client.sequence++;
    client.fecParity(0, ['a', 'b']);
    expect(host.takeToServers()).toHaveLength(2);
    expect(host.relay.takeLossOf(SESSION_ID)).toEqual({ expected: 3, received: 2, late: 0 });
  });

  it('goes on when the client starts over, and is not known of a session that is not there', () => {
    const { host, send } = sessionScene();
    send(1_000, 1_001);
    host.pass(1_000);
    expect(send(...Array.from({ length: 8 }, (_, i) => 40_000 + i))).toEqual({ expected: 1, received: 1, late: 0 });
    host.unregister(SESSION_ID);
    expect(host.relay.takeLossOf(SESSION_ID)).toBeUndefined();
  });
});
