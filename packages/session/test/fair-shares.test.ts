import { describe, expect, it } from 'vitest';
import type { RelayOptions } from '@lightspeed/session';
import type { Endpoint } from '@lightspeed/wire';
import { LstpClient, SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import { SECRET, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const OPTIONS: Partial<RelayOptions> = {
  admission: 'registered',
  maxDestinationsPerWindow: 1_000,
  maxPpsPerClient: 100_000,
  maxBpsPerClient: 1e9,
  maxEgressSockets: 1_000,
};

let nextId = 1;

/** A client with a session, of an account. */
function player(host: RelayHost, account: number, address: Endpoint): LstpClient {
  const sessionId = nextId++;
  const token = host.register({ sessionId, account, ip: address.ip, dialect: 'standard', secret: SECRET });
  const client = clientAt(host, `${host.textOf(address.ip)}:${address.port}`, token);
  prove(client, token, 1n, { sessionId });
  client.sequence = 10;
  host.takeToClients();
  return client;
}

function programs(count: number): Endpoint[] {
  return Array.from({ length: count }, (_, i) => ({ ip: 0x0a00_0001, port: 1_000 + i }));
}

describe('sockets towards game servers', () => {
  it('are left for a newcomer when one account has asked for all with 18 registrations of 64 flows', () => {
    const host = new RelayHost(OPTIONS);
    for (let i = 0; i < 18; i++) {
      const greedy = player(host, 7, endpoint(`203.0.113.5:${100 + i}`));
      for (const program of programs(64)) greedy.data('x', SERVER, program);
    }
    expect(host.openEgressSockets.size).toBe(500);
    expect(host.drops()).toEqual({ 'client:egress_exhausted': 18 * 64 - 500 });
    host.takeToServers();
    const newcomer = player(host, 8, endpoint('203.0.113.6:1'));
    for (const program of programs(64)) newcomer.data('y', SERVER, program);
    expect(host.takeToServers()).toHaveLength(64);
    host.pass(1_000, 100);
    expect(host.overShares.length).toBeGreaterThan(0);
    expect(host.overShares.length).toBeLessThan(5);
    expect(host.count('egressOverShare')).toBe(18 * 64 - 500);
  });

  it.each(['shared', 'endpoint-independent'] as const)(
    'are left for the ninth session of a ticket whose other eight have asked for all, by mapping %s',
    (egressMapping) => {
      const host = new RelayHost({ ...OPTIONS, egressMapping });
      for (let i = 0; i < 8; i++) {
        const greedy = player(host, 7, endpoint(`203.0.113.5:${100 + i}`));
        for (const program of programs(64)) greedy.data('x', SERVER, program);
      }
      host.takeToServers();
      const ninth = player(host, 7, endpoint('203.0.113.5:1'));
      for (const program of programs(64)) ninth.data('y', SERVER, program);
      expect(host.takeToServers()).toHaveLength(12);
      const newcomer = player(host, 8, endpoint('203.0.113.6:1'));
      for (const program of programs(64)) newcomer.data('z', SERVER, program);
      expect(host.takeToServers()).toHaveLength(64);
    },
  );

  it('are shared by prefix where nobody registers, and come back when flows end', () => {
    const host = new RelayHost({ ...OPTIONS, admission: 'open', maxEgressSockets: 10 });
    const greedy = new LstpClient(host, '203.0.113.5:1').open();
    for (const program of programs(20)) greedy.data('x', SERVER, program);
    expect(host.openEgressSockets.size).toBe(4);
    host.relay.shutdown();
    host.flush();
    expect(host.openEgressSockets.size).toBe(0);
    host.takeToClients();
    const again = [1, 2].map((port) => new LstpClient(host, `203.0.113.5:${port}`).open());
    for (const client of again) for (const program of programs(20)) client.data('x', SERVER, program);
    expect(host.openEgressSockets.size).toBe(5);
    const other = new LstpClient(host, '203.0.113.7:1').open();
    for (const program of programs(20)) other.data('x', SERVER, program);
    expect(host.openEgressSockets.size).toBe(7);
    host.pass(1_000, 100);
    expect(host.overShares.at(-1)).toEqual({ prefixHigh: 0, prefixLow: endpoint('203.0.113.7:1').ip | 0 });
  });

  it('that are idle are freed sooner when they are short, and not while there are enough', () => {
    const host = new RelayHost({ ...OPTIONS, maxEgressSockets: 100 });
    const first = player(host, 1, endpoint('203.0.113.5:1'));
    for (const program of programs(30)) first.data('x', SERVER, program);
    host.pass(60_000, 1_000);
    expect(host.openEgressSockets.size).toBe(30);
    const others = [2, 3, 4, 5, 6, 7, 8, 9].map((account) => player(host, account, endpoint(`203.0.113.1${account}:1`)));
    for (const other of others) for (const program of programs(40)) other.data('x', SERVER, program);
    const open = host.openEgressSockets.size;
    expect(open).toBeGreaterThan(90);
    first.data('still here', SERVER, programs(1)[0]);
    host.pass(20_000, 1_000);
    // Those of the first account were silent for 80 s, all but one.
    expect(host.openEgressSockets.size).toBe(open - 29);
    expect(host.relay.flowCount).toBeGreaterThan(0);
  });
});

describe('memory for FEC', () => {
  /** Sends groups of four without the third packet, and tells how many payloads come out. */
  function lossy(host: RelayHost, client: LstpClient, group: number): number {
    const texts = ['a', 'b', 'c', 'd'].map((text) => `${group} ${text}`);
    texts.forEach((text, index) => {
      if (index !== 2) client.fecData(group, index, 4, text);
    });
    client.sequence++;
    client.fecParity(group, texts);
    return host.takeToServers().length;
  }

  it('is left for others when one account leaves groups open with 90 registrations', () => {
    const host = new RelayHost(OPTIONS, 64);
    for (let i = 0; i < 90; i++) {
      const greedy = player(host, 7, endpoint(`203.0.113.5:${100 + i}`));
      greedy.fecData(1, 0, 4, 'never finished');
    }
    host.takeToServers();
    const other = player(host, 8, endpoint('203.0.113.6:1'));
    for (let group = 1; group <= 20; group++) expect(lossy(host, other, group)).toBe(4);
    host.pass(1_000, 100);
    expect(host.count('fecOverShare')).toBeGreaterThanOrEqual(50);
    host.relay.shutdown();
    host.flush();
    expect(host.memory.available).toBe(host.memory.capacity);
  });

  it('is left for others when answers to 90 registrations of one account leave groups open', () => {
    const host = new RelayHost(OPTIONS, 64);
    /** Has the answers to a client protected, and lets the server answer. @returns how many packets left for the client. */
    function answered(client: LstpClient, answers: number): number {
      for (let index = 0; index < 4; index++) client.fecData(1, index, 4, 'of a whole group');
      const [{ egress }] = host.takeToServers();
      host.takeToClients();
      for (let i = 0; i < answers; i++) host.fromServer(egress, bytesOf('answer'), SERVER.ip, SERVER.port);
      return host.takeToClients().length;
    }
    for (let i = 0; i < 90; i++) expect(answered(player(host, 7, endpoint(`203.0.113.5:${100 + i}`)), 1)).toBe(1);
    expect(host.memory.available).toBe(32);
    // The fifth packet is the parity of the other four.
    expect(answered(player(host, 8, endpoint('203.0.113.6:1')), 4)).toBe(5);
  });
});
