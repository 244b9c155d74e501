import { describe, expect, it } from 'vitest';
import { TunnelHeader } from '@lightspeed/wire';
import { LstpClient, SERVER } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

const UNLIMITED = { maxPpsPerClient: 1e6, maxBpsPerClient: 1e9 };

describe('towards an address that has not shown that it gets what is sent there', () => {
  for (const [client, ratio, open] of [
    ['who has shown nothing', 3, () => new LstpClient(new RelayHost(UNLIMITED)).openPlainly()],
    [
      'of dialect reference',
      8,
      () => new LstpClient(new RelayHost({ ...UNLIMITED, dialect: 'reference' }), '203.0.113.5:40000', 'reference'),
    ],
  ] as const) {
    it(`a relay sends no more than ${ratio} times what came from it on the wire: a client ${client}`, () => {
      const one = open();
      const { host } = one;
      const hasSession = ratio === 3;
      // The HANDSHAKE and its answer.
      let received = hasSession ? 48 : 0;
      let sent = hasSession ? 48 : 0;
      for (let i = 0; i < 300; i++) {
        if (i % 10 === 0) {
          if (hasSession) one.send(TunnelHeader.handshake(0, 1));
          else one.data(new Uint8Array(100));
          received += hasSession ? 48 : 148;
        }
        if (host.openEgressSockets.size > 0) host.fromServer(0, new Uint8Array(200), SERVER.ip, SERVER.port);
        for (const { bytes } of host.takeToClients()) sent += bytes.length + 28;
        expect(sent).toBeLessThanOrEqual(ratio * received);
      }
      expect(sent).toBeGreaterThan(0.9 * received);
      expect(host.drops()).not.toHaveProperty('client:amplification');
    });
  }

  it('a relay answers a HANDSHAKE with no more bytes than it has, and a wrong token with none', () => {
    const host = new RelayHost();
    for (let port = 1; port <= 50; port++) {
      const client = new LstpClient(host, `203.0.113.5:${port}`);
      client.send(TunnelHeader.handshake(0, 1));
      const [answer] = host.takeToClients();
      expect(answer?.bytes.length).toBe(20);
      client.token = ((answer?.bytes[1] ?? 0) % 255) + 1;
      client.send(TunnelHeader.keepalive(0, 1));
      client.send(TunnelHeader.fin(0, 1));
      expect(host.takeToClients()).toEqual([]);
    }
  });

  it('a client that has echoed the token gets eight times what comes, and one that has answered a challenge anything', () => {
    const got = (open: (client: LstpClient) => LstpClient) => {
      const client = open(new LstpClient(new RelayHost(UNLIMITED)));
      client.data('x');
      client.data('y');
      client.host.takeToClients();
      for (let i = 0; i < 100; i++) client.host.fromServer(0, new Uint8Array(100), SERVER.ip, SERVER.port);
      return client.host.takeToClients().length;
    };
    // In came, on the wire, a HANDSHAKE of 48 bytes, data of 49 that showed the token, and 49 more. Out went 48.
    expect(got((client) => client.openPlainly())).toBe(Math.floor((3 * 48 - 48 + 3 * 49 + 8 * 49) / 148));
    expect(got((client) => client.open())).toBe(100);
  });
});
