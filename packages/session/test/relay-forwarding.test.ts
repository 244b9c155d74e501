import { describe, expect, it } from 'vitest';
import { OWN_CLAIM } from '@lightspeed/session';
import type { SessionClaims } from '@lightspeed/session';
import { FLAG_HANDSHAKE, TunnelHeader } from '@lightspeed/wire';
import { textOf } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

/** Two relays of one port, with a board on which they claim sessions. */
class Pair {
  readonly owners = new Map<number, number>();
  readonly proved = new Set<number>();
  readonly tagged = new Set<number>();
  readonly relays = [0, 1].map((own) => new RelayHost({ admission: 'registered' }, 512, this.#claimsOf(own)));
  token = 7;

  constructor() {
    for (const { relay } of this.relays) this.#register(relay);
  }

  #register(relay: RelayHost['relay']): void {
    relay.register({ sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: this.token, dialect: 'standard', secret: SECRET });
  }

  #claimsOf(own: number): SessionClaims {
    return {
      claim: ({ sessionId }) => {
        const owner = this.owners.get(sessionId) ?? own;
        this.owners.set(sessionId, owner);
        return owner === own ? OWN_CLAIM : owner;
      },
      release: ({ sessionId }) => {
        if (this.owners.get(sessionId) === own) this.owners.delete(sessionId);
      },
      noteProof: ({ sessionId }) => void this.proved.add(sessionId),
      isProved: ({ sessionId }) => this.proved.has(sessionId),
      wantTags: () => undefined,
      wantsTags: () => false,
      noteTags: ({ sessionId }) => void this.tagged.add(sessionId),
      isTagged: ({ sessionId }) => this.tagged.has(sessionId),
      takeFresh: () => true,
    };
  }

  /** Gives what one relay has forwarded to the other one. */
  passOn(): number {
    let count = 0;
    for (const host of this.relays) {
      for (const { relay, bytes, ip, port } of host.forwarded.splice(0)) {
        this.relays[relay].fromClient(bytes, ip, port);
        count++;
      }
    }
    return count;
  }
}

describe('relays that share a port', () => {
  it('leave a session to the one that had it first, and forward what comes to the others', () => {
    const pair = new Pair();
    const [first, second] = pair.relays;
    prove(clientAt(first, '203.0.113.5:1', pair.token), pair.token, 1n);
    first.takeToClients();

    // The address changes, and the kernel gives the new one to the other relay.
    const moved = clientAt(second, '203.0.113.5:2', pair.token);
    prove(moved, pair.token, 2n);
    expect([second.takeToClients(), second.relay.sessionCount, pair.passOn()]).toEqual([[], 0, 1]);
    const [acknowledgement] = first.takeToClients();
    expect([acknowledgement.port, acknowledgement.bytes[0]]).toEqual([2, 0x10 | FLAG_HANDSHAKE]);

    moved.data('follows');
    expect(pair.passOn()).toBe(1);
    expect(first.takeToServers().map(({ bytes }) => textOf(bytes))).toEqual(['follows']);
    expect([first.count('pathsMoved'), second.count('forwarded'), second.drops()]).toEqual([1, 2, {}]);
  });

  it('hand nothing over for addresses that have proved nothing', () => {
    const pair = new Pair();
    const [first, second] = pair.relays;
    prove(clientAt(first, '203.0.113.5:1', pair.token), pair.token, 1n);
    const thief = clientAt(second, '203.0.113.66:6', pair.token);
    thief.raw(proof(pair.token, 2n, { secret: new Uint8Array(16) }));
    thief.data('x');
    expect(pair.passOn()).toBe(0);
    expect(second.drops()).toEqual({ 'client:bad_proof': 1, 'client:unknown_session': 1 });
  });

  it('take no proof that another one has taken, once they are told', () => {
    const pair = new Pair();
    const [first, second] = pair.relays;
    const client = clientAt(first, '203.0.113.5:1', pair.token);
    const heard = proof(pair.token, 1n);
    client.raw(heard);
    client.send(TunnelHeader.fin(5, 1));
    first.pass(1_500);
    const nonces = first.relay.noncesOf(SESSION_ID);
    if (nonces === undefined) throw new Error('the registration is not there');
    second.relay.noteNonces(SESSION_ID, nonces);
    clientAt(second, '203.0.113.66:6', pair.token).raw(heard);
    expect([second.relay.sessionCount, second.drops()]).toEqual([0, { 'client:replayed_proof': 1 }]);

    // What is older than what it knows changes nothing.
    second.relay.noteNonces(SESSION_ID, { highest: -1n, below: 0n });
    clientAt(second, '203.0.113.66:6', pair.token).raw(heard);
    prove(clientAt(second, '203.0.113.5:1', pair.token), pair.token, 2n);
    expect([second.relay.sessionCount, second.drops()]).toEqual([1, { 'client:replayed_proof': 2 }]);
    expect(second.relay.noncesOf(1)).toBeUndefined();
  });

  it('forget where a session was when its registration ends, and may claim it anew when it is over', () => {
    const pair = new Pair();
    const [first, second] = pair.relays;
    const client = clientAt(first, '203.0.113.5:1', pair.token);
    prove(client, pair.token, 1n);
    const moved = clientAt(second, '203.0.113.5:2', pair.token);
    prove(moved, pair.token, 2n);
    pair.passOn();
    clientAt(first, '203.0.113.5:2', pair.token).send(TunnelHeader.fin(5, 1));
    first.pass(1_500);
    expect(pair.owners.size).toBe(0);
    prove(moved, pair.token, 3n);
    expect([second.relay.sessionCount, pair.passOn()]).toEqual([1, 0]);
    second.relay.unregister(SESSION_ID);
    expect(pair.owners.size).toBe(0);
  });
});
