import { describe, expect, it } from 'vitest';
import { PeerCapability } from '@lightspeed/session';
import type { RelayOptions } from '@lightspeed/session';
import { DropReason } from '@lightspeed/wire';
import { OTHER_SERVER, PROGRAM, SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const NOTHING = { packets: [], destinations: [] };

function scene(options: Partial<RelayOptions> = {}, capabilities: number = PeerCapability.reports) {
  const host = new RelayHost({ admission: 'registered', ...options });
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET, capabilities });
  const client = clientAt(host, '203.0.113.5:1', token);
  client.raw(proof(token, 1n));
  client.sequence = 10;
  return { host, client };
}

describe('a report on a session', () => {
  it('says what was lost within a second and a half, and nothing a second time', () => {
    const { host, client } = scene();
    for (const sequence of [10, 11, 14, 13]) client.data('x', SERVER, PROGRAM, sequence);
    host.pass(1_500);
    expect(host.reports).toEqual([{ sessionId: SESSION_ID, expected: 5, received: 4, late: 1, recovered: 0, ...NOTHING }]);
    host.pass(30_000);
    expect(host.reports).toHaveLength(1);
  });

  it('comes every ten seconds while nothing is lost, and not at all while nothing comes', () => {
    const { host, client } = scene();
    for (let second = 0; second < 100; second++) {
      client.data('x');
      host.pass(1_000);
    }
    expect(host.reports).toHaveLength(10);
    host.pass(100_000);
    // What came since the last one is told.
    expect(host.reports.length).toBeLessThanOrEqual(11);
    expect(host.reports.at(-1)).toMatchObject({ expected: 100, received: 100, late: 0 });
  });

  it('comes at most once a second, however much is lost', () => {
    const { host, client } = scene();
    const times: number[] = [];
    for (let step = 0; step < 400; step++) {
      client.sequence += 2;
      client.data('x');
      host.pass(25, 5);
      while (times.length < host.reports.length) times.push(host.nowMs);
    }
    expect(times.length).toBeGreaterThan(7);
    times.slice(1).forEach((ms, index) => expect(ms - times[index]).toBeGreaterThanOrEqual(1_000));
  });

  it('has what parity brought back, once it is clear that it does not come after all', () => {
    const { host, client } = scene();
    client.fecData(0, 0, 2, 'a');
    client.sequence++;
    client.fecParity(0, ['a', 'b']);
    host.pass(3_500);
    expect(host.reports.map(({ expected, received, recovered }) => [expected, received, recovered])).toEqual([
      [3, 2, 0],
      [3, 2, 1],
    ]);
  });

  it('is made for sessions in whatever slots, and starts over with the session', () => {
    const { host, client } = scene();
    const clients = Array.from({ length: 40 }, (_, i) => {
      const registration = { sessionId: 100 + i, ip: CLIENT_IP, dialect: 'standard', secret: SECRET } as const;
      const token = host.register({ ...registration, capabilities: PeerCapability.reports });
      const other = clientAt(host, `203.0.113.5:${100 + i}`, token);
      other.raw(proof(token, 1n, { sessionId: 100 + i }));
      return other;
    });
    for (const one of [client, ...clients]) for (const sequence of [1, 3, 4]) one.data('x', SERVER, PROGRAM, sequence);
    host.pass(2_000);
    expect(host.reports).toHaveLength(41);
    expect(host.reports.every(({ expected, received }) => expected === 4 && received === 3)).toBe(true);
    host.relay.shutdown();
    client.raw(proof(client.token, 2n));
    for (const sequence of [1, 4]) client.data('x', SERVER, PROGRAM, sequence);
    host.pass(2_000);
    expect(host.reports.slice(41)).toMatchObject([{ sessionId: SESSION_ID, expected: 4, received: 2 }]);
  });

  it('is not made for clients that do not know reports, nor at an open node', () => {
    const { host, client } = scene({}, PeerCapability.challenges | PeerCapability.tags);
    for (const sequence of [10, 20]) client.data('x', SERVER, PROGRAM, sequence);
    client.data('x', endpoint('10.0.0.1:5'));
    host.pass(30_000);
    expect(host.reports).toEqual([]);
  });
});

describe('what a relay refuses a session', () => {
  const refusedBy = (host: RelayHost) => {
    host.pass(1_500);
    return host.reports.flatMap(({ packets, destinations }) => [...packets, ...destinations]);
  };

  it('is reported with its reason and number, and packets over a rate count neither as expected nor as lost', () => {
    const { host, client } = scene({ maxPpsPerClient: 100 });
    // The proof was the first packet.
    for (let i = 0; i < 150; i++) client.data('x');
    expect(refusedBy(host)).toEqual([{ direction: 'up', reason: DropReason.ratePackets, packets: 51 }]);
    expect(host.reports).toMatchObject([{ expected: 99, received: 99 }]);
    host.pass(30_000);
    expect(host.reports).toHaveLength(1);
  });

  it('is reported for bytes, and for datagrams of servers', () => {
    const { host, client } = scene({ maxBpsPerClient: 1_000 });
    client.data('x');
    client.data(new Uint8Array(1_100));
    for (let i = 0; i < 3; i++) host.fromServer(0, new Uint8Array(600), SERVER.ip, SERVER.port);
    expect(refusedBy(host)).toEqual([
      { direction: 'up', reason: DropReason.rateBytes, packets: 1 },
      { direction: 'down', reason: DropReason.rateBytes, packets: 2 },
    ]);
  });

  it('is reported with the game servers that it is about, each once', () => {
    const { host, client } = scene({ maxFlowsPerSession: 1 });
    client.data('x');
    const denied = endpoint('10.0.0.1:27015');
    for (let i = 0; i < 3; i++) {
      client.data('x', denied);
      client.data('x', OTHER_SERVER);
    }
    expect(refusedBy(host)).toEqual([
      { direction: 'up', reason: DropReason.destinationDenied, packets: 3 },
      { direction: 'up', reason: DropReason.flowLimit, packets: 3 },
      { ip: 0x0a000001, port: 27015, reason: DropReason.destinationDenied },
      { ip: OTHER_SERVER.ip, port: OTHER_SERVER.port, reason: DropReason.flowLimit },
    ]);
  });

  it('names eight game servers at most, and further ones later', () => {
    const { host, client } = scene({ maxDestinationsPerWindow: 1_000 });
    const ask = () => {
      for (let i = 0; i < 20; i++) client.data('x', endpoint(`10.0.0.${i + 1}:5`));
    };
    ask();
    host.pass(1_500);
    ask();
    host.pass(1_500);
    expect(host.reports.map(({ packets, destinations }) => [packets[0]?.packets, destinations.length])).toEqual([
      [20, 8],
      [20, 8],
    ]);
  });

  it('is reported when no socket is left, too many new servers are asked for, or payloads are too long', () => {
    const { host, client } = scene({ maxDestinationsPerWindow: 2, oversize: 'drop' });
    host.maxEgress = 0;
    client.data('x');
    host.maxEgress = 10;
    client.data('x', OTHER_SERVER);
    client.data('x', endpoint('198.51.100.9:1'));
    host.fromServer([...host.openEgressSockets][0], new Uint8Array(1_460), OTHER_SERVER.ip, OTHER_SERVER.port);
    expect(refusedBy(host)).toMatchObject([
      { direction: 'up', reason: DropReason.reflection, packets: 1 },
      { direction: 'up', reason: DropReason.egressExhausted, packets: 1 },
      { direction: 'down', reason: DropReason.oversize, packets: 1 },
      { ip: SERVER.ip, reason: DropReason.egressExhausted },
      { port: 1, reason: DropReason.reflection },
    ]);
  });

  it('is forgotten with its session', () => {
    const { host, client } = scene({ fullWindowsToBan: 1, maxDestinationsPerWindow: 1 });
    client.data('x');
    client.data(bytesOf('x'), OTHER_SERVER);
    expect(host.misusedSessions).toEqual([SESSION_ID]);
    host.pass(3_000);
    expect(host.reports).toEqual([]);
  });

  it('of very many packets takes no memory for each', () => {
    const { host, client } = scene({ maxPpsPerClient: 10 });
    for (let i = 0; i < 5_000; i++) client.data('x');
    for (let i = 0; i < 5_000; i++) client.data('x', endpoint('10.0.0.1:5'));
    expect(refusedBy(host)).toEqual([{ direction: 'up', reason: DropReason.ratePackets, packets: 9_991 }]);
  });
});
