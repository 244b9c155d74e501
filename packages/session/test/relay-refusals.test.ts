import { describe, expect, it } from 'vitest';
import { parseDestinationRule } from '@lightspeed/security';
import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session';
import { FecHeader, FLAG_FRAGMENT, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, PROGRAM, SERVER, bytesOf, endpoint } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

const STRANGER = endpoint('203.0.113.66:666');

describe('a relay refuses, and counts,', () => {
  it('data from an address without a session', () => {
    const host = new RelayHost();
    const client = new LstpClient(host);
    client.data('x');
    client.send(TunnelHeader.keepalive(1, 1));
    client.send(TunnelHeader.fin(2, 1));
    expect([host.takeToServers(), host.takeToClients()]).toEqual([[], []]);
    expect(host.drops()).toEqual({ 'client:unknown_session': 3 });
  });

  it('data with another token than the session’s, whatever the flag', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('to get verified');
    host.takeToServers();
    const { token } = client;
    client.token = (token % 255) + 1;
    client.data('x');
    client.send(TunnelHeader.fin(2, 1));
    client.send(TunnelHeader.keepalive(3, 1));
    client.send(TunnelHeader.handshake(3, 1));
    client.token = 0;
    client.data('x');
    expect([host.takeToServers(), host.takeToClients()]).toEqual([[], []]);
    expect(host.drops()).toEqual({ 'client:bad_token': 5 });
    expect(host.relay.sessionCount).toBe(1);
  });

  it('a sender that has shown nothing and comes with a wrong token: its session ends at once', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).openPlainly();
    client.token = (client.token % 255) + 1;
    client.data('x');
    expect([host.relay.sessionCount, host.drops()]).toEqual([0, { 'client:bad_token': 1 }]);
  });

  it('wrong tokens towards a session of dialect reference, which never ends by them', () => {
    const host = new RelayHost({ dialect: 'reference' });
    const client = new LstpClient(host, '203.0.113.5:40000', 'reference');
    client.data('x');
    client.token = 1;
    for (let i = 0; i < 10; i++) client.data('x');
    expect([host.relay.sessionCount, host.drops()]).toEqual([1, { 'client:bad_token': 10 }]);
  });

  it('what goes to an address that has become its own, on flows that are open too, and carries on with the others', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const own = endpoint('5.5.5.5:27015');
    const others = [1, 2, 3, 4, 5].map((last) => endpoint(`6.6.6.${last}:27015`));
    client.data('x', own);
    for (const other of others) client.data('x', other);
    expect([host.takeToServers().length, host.relay.flowCount]).toEqual([6, 6]);
    host.relay.setOwnAddresses([own.ip]);
    expect(host.relay.flowCount).toBe(5);
    client.data('x', own);
    for (const other of others) client.data('y', other);
    expect(host.takeToServers().map(({ ip }) => ip >>> 0)).toEqual(others.map(({ ip }) => ip));
    expect(host.drops()).toEqual({ 'client:destination_denied': 1 });
  });

  it('what new rules of the operator deny, and what new limits do not let through, on what is open too', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const [denied, other, third] = [1, 2, 3].map((last) => endpoint(`6.6.6.${last}:27015`));
    client.data('x', denied);
    client.data('x', other);
    host.takeToServers();
    host.relay.setDestinationRules({ deny: [parseDestinationRule('6.6.6.1/32')] });
    expect(host.relay.flowCount).toBe(1);
    host.relay.setLimits({ ...DEFAULT_RELAY_OPTIONS, maxFlowsPerSession: 1, maxPpsPerClient: 4 });
    for (const to of [denied, other, third, other, other]) client.data('y', to);
    expect(host.takeToServers()).toHaveLength(2);
    expect(host.drops()).toEqual({ 'client:destination_denied': 1, 'client:flow_limit': 1, 'client:rate_packets': 1 });
  });

  it('what is no valid packet, with its own reason each', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const valid = TunnelHeader.data(1, 1, PROGRAM, SERVER, FecHeader.data(1, 0, 4))
      .withSessionToken(client.token)
      .encode();
    const altered = (at: number, byte: number) => {
      const bytes = valid.slice();
      bytes[at] = byte;
      return bytes;
    };
    client.raw(new Uint8Array(0));
    client.raw(valid.slice(0, 19));
    client.raw(altered(0, 0x30));
    client.raw(valid.slice(0, 25));
    client.raw(altered(23, 0));
    client.raw(altered(23, 65));
    client.raw(altered(25, 1));
    client.raw(altered(24, 2));
    client.raw(altered(22, 4));
    client.raw(altered(24, 1));
    client.raw(altered(0, 0x20 | FLAG_FRAGMENT));
    expect(host.drops()).toEqual({
      'client:too_short': 2,
      'client:bad_version': 1,
      'client:extension_cut_short': 1,
      'client:bad_group_size': 2,
      'client:reserved_not_zero': 1,
      'client:bad_fec_flags': 1,
      'client:bad_data_index': 1,
      'client:bad_parity_index': 1,
      'client:fragment': 1,
    });
    expect(host.takeToServers()).toEqual([]);
  });

  it('a packet that was here already, and one that is too old to tell', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('new', SERVER, PROGRAM, 2_000);
    client.data('new', SERVER, PROGRAM, 2_000);
    client.data('old', SERVER, PROGRAM, 2_000 - 1_024);
    expect(host.takeToServers()).toHaveLength(1);
    expect(host.drops()).toEqual({ 'client:duplicate': 1, 'client:too_old': 1 });
  });

  it('destinations that are not for relaying', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    for (const text of ['127.0.0.1:7777', '10.1.2.3:7777', '192.168.1.1:53', '224.0.0.1:1', '0.0.0.0:0', '8.8.8.8:0']) {
      client.data('x', endpoint(text));
    }
    expect(host.takeToServers()).toEqual([]);
    expect(host.drops()).toEqual({ 'client:destination_denied': 6 });
  });

  it('more than ten new destinations in ten seconds, and bans who goes on so for three windows', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    for (let window = 0; window < 3; window++) {
      for (let i = 0; i < 12; i++) client.data('x', endpoint(`198.51.100.${window * 20 + i}:7777`));
      if (window < 2) expect(host.takeToServers()).toHaveLength(10);
      host.pass(10_000);
    }
    expect(host.bannedAddresses).toEqual([client.address.ip]);
    expect(host.relay.sessionCount).toBe(0);
    const again = new LstpClient(host, '203.0.113.5:41000');
    again.send(TunnelHeader.handshake(0, 1));
    expect(host.drops()['client:banned']).toBeGreaterThanOrEqual(1);
    expect(host.takeToClients().filter(({ port }) => port === 41000)).toEqual([]);

    host.pass(3_600_000, 60_000);
    expect(() => again.open()).not.toThrow();
  });

  it('packets and bytes over the client’s rate, after the token has been checked', () => {
    const host = new RelayHost({ maxPpsPerClient: 10, maxBpsPerClient: 2_000 });
    const client = new LstpClient(host).open();
    for (let i = 0; i < 20; i++) client.data('x');
    // The HANDSHAKE and the answer to its challenge count too.
    expect(host.takeToServers()).toHaveLength(8);
    expect(host.drops()).toEqual({ 'client:rate_packets': 12 });
    host.pass(1_000);
    client.data(new Uint8Array(1_900));
    client.data(new Uint8Array(100));
    expect(host.drops()).toEqual({ 'client:rate_packets': 12, 'client:rate_bytes': 1 });
    // Somebody else's packets in its name don't use up its rate.
    host.pass(1_000);
    client.token = (client.token % 255) + 1;
    for (let i = 0; i < 20; i++) client.data('x');
    client.token = ((client.token + 253) % 255) + 1;
    host.takeToServers();
    client.data('x');
    expect(host.takeToServers()).toHaveLength(1);
  });

  it('a flood from addresses without a session, by a coarse limit that keeps no state per source', () => {
    const host = new RelayHost({ maxPpsPerUnboundAddress: 5 });
    const client = new LstpClient(host);
    for (let i = 0; i < 50; i++) client.data('x');
    expect(host.drops()).toEqual({ 'client:unknown_session': 5, 'client:unbound_rate': 45 });
  });

  it('sessions over the limits, and takes new ones when others have ended', () => {
    const host = new RelayHost({ maxClients: 3, maxSessionsPerAddress: 2 });
    const open = (address: string) => new LstpClient(host, address).open();
    const first = open('203.0.113.1:1');
    open('203.0.113.1:2');
    expect(() => open('203.0.113.1:3')).toThrow();
    open('203.0.113.2:1');
    expect(() => open('203.0.113.3:1')).toThrow();
    expect(host.drops()).toEqual({ 'client:address_session_limit': 1, 'client:session_limit': 1 });
    first.send(TunnelHeader.fin(1, 1));
    host.pass(1_500);
    open('203.0.113.3:1');
    expect(host.relay.sessionCount).toBe(3);
  });

  it('flows over the limit, and flows for which no socket is left', () => {
    const host = new RelayHost({ maxFlowsPerSession: 3 });
    const client = new LstpClient(host).open();
    for (let port = 1; port <= 5; port++) client.data('x', SERVER, { ip: 1, port });
    expect(host.drops()).toEqual({ 'client:flow_limit': 2 });

    const poor = new RelayHost();
    poor.maxEgress = 1;
    const other = new LstpClient(poor).open();
    for (let port = 1; port <= 3; port++) other.data('x', SERVER, { ip: 1, port });
    expect(poor.drops()).toEqual({ 'client:egress_exhausted': 2 });
    expect(poor.takeToServers()).toHaveLength(1);
  });

  it('datagrams of anyone but the server to an egress port, and of the server two minutes after the last question', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    host.fromServer(0, bytesOf('psst'), STRANGER.ip, STRANGER.port);
    host.fromServer(0, bytesOf('psst'), SERVER.ip, SERVER.port + 1);
    expect(client.answers()).toEqual([]);
    host.pass(120_000, 1_000);
    host.fromServer(0, bytesOf('still asked for'), SERVER.ip, SERVER.port);
    expect(client.answers()).toHaveLength(1);
    host.pass(1_000);
    host.fromServer(0, bytesOf('too late'), SERVER.ip, SERVER.port);
    expect(client.answers()).toEqual([]);
    expect(host.drops()).toEqual({ 'server:unsolicited': 3 });
  });

  it('payloads that need fragmentation, if told to; else it carries them and counts the flow once', () => {
    const strict = new RelayHost({ oversize: 'drop' });
    const lenient = new RelayHost();
    for (const host of [strict, lenient]) {
      const client = new LstpClient(host).open();
      client.data('x');
      for (const size of [1_400, 1_401, 1_452, 1_453, 1_500]) host.fromServer(0, new Uint8Array(size), SERVER.ip, SERVER.port);
      expect(host.count('oversizeFlows')).toBe(1);
    }
    expect(strict.takeToClients().filter(({ bytes }) => bytes.length > 20)).toHaveLength(3);
    expect(strict.drops()).toEqual({ 'server:oversize': 2 });
    expect(lenient.takeToClients().filter(({ bytes }) => bytes.length > 20)).toHaveLength(5);
  });

  it('payloads that are longer than what clients receive', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.data('x');
    for (const size of [8_971, 8_970]) host.fromServer(0, new Uint8Array(size), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ payload }) => payload.length)).toEqual([8_970]);
    expect(host.drops()).toEqual({ 'server:truncated': 1 });
  });
});
