import { describe, expect, it } from 'vitest';
import { isDropReason, TunnelHeader } from '@lightspeed/wire';
import { LstpClient, SERVER, bytesOf, textOf } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';

const MEMBERS = ['AB', 'C', '', 'a longer one'];

function texts(host: RelayHost): string[] {
  return host.takeToServers().map(({ bytes }) => textOf(bytes));
}

describe('FEC from client to server', () => {
  it('brings back any one packet of a group, with parity behind it, between or in front', () => {
    for (let lost = 0; lost < MEMBERS.length; lost++) {
      for (let parityAt = 0; parityAt < MEMBERS.length; parityAt++) {
        const host = new RelayHost();
        const client = new LstpClient(host).open();
        const received = [...MEMBERS.keys()].filter((index) => index !== lost);
        received.forEach((index, position) => {
          if (position === parityAt) client.fecParity(3, MEMBERS);
          client.fecData(3, index, 4, MEMBERS[index] ?? '');
        });
        if (parityAt >= received.length) client.fecParity(3, MEMBERS);
        expect(texts(host).sort()).toEqual([...MEMBERS].sort());
      }
    }
  });

  it('delivers a late original of a recovered packet once in all', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(3, 1, 2, 'here');
    client.fecParity(3, ['late', 'here']);
    client.fecData(3, 0, 2, 'late');
    expect(texts(host)).toEqual(['here', 'late']);
    // Nothing was lost, and so nothing was recovered or dropped.
    host.pass(3_000);
    expect(host.drops()).toEqual({});
    expect([host.count('fecRecovered'), host.count('dataPackets')]).toEqual([0, 2]);
  });

  it('drops an original that comes after so long that the packet counts as lost', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(3, 1, 2, 'here');
    client.fecParity(3, ['late', 'here']);
    host.pass(2_000);
    client.fecData(3, 0, 2, 'late');
    expect(texts(host)).toEqual(['here', 'late']);
    host.pass(3_000);
    expect(host.drops()).toEqual({ 'client:duplicate': 1 });
    expect(host.count('fecRecovered')).toBe(1);
  });

  it('recovers with parity that names no addresses', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(3, 1, 2, 'here');
    client.fecParity(3, ['lost', 'here'], false);
    expect(texts(host)).toEqual(['here', 'lost']);
  });

  it('recovers the very first packet of a flow from parity alone', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecParity(0, ['lost']);
    expect(texts(host)).toEqual(['lost']);
  });

  it('works on group ids from 0x8000 on, and across their wrap, without giving up live groups', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    for (const start of [0x8000, 0xfff0, 0x7ff8]) {
      for (let n = 0; n < 32; n++) {
        const group = (start + n) & 0xffff;
        client.fecData(group, 0, 2, `first ${group}`);
        client.fecParity(group, [`first ${group}`, `second ${group}`]);
      }
      expect(texts(host)).toHaveLength(64);
      host.pass(11_000);
    }
    expect(host.count('fecRecovered')).toBe(96);
    expect(host.count('fecLost')).toBe(0);
  });

  it('counts what it could not bring back, and never delivers anything wrong', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(3, 0, 4, 'only this one came');
    client.fecParity(3, ['only this one came', 'b', 'c', 'd']);
    host.pass(1_000);
    expect(texts(host)).toEqual(['only this one came']);
    expect(host.count('fecLost')).toBe(3);
  });
});

describe('FEC from server to client', () => {
  it('answers with the group size that the client uses, and stops when it stops', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    const answersTo = (payloads: string[]) => {
      const [{ egress } = { egress: 0 }] = host.takeToServers();
      for (const payload of payloads) host.fromServer(egress, bytesOf(payload), SERVER.ip, SERVER.port);
      return client.answers().map(({ header }) => `${header.kind} ${header.fec?.index ?? '-'}/${header.fec?.size ?? '-'}`);
    };
    client.data('x');
    expect(answersTo(['a'])).toEqual(['data -/-']);
    client.fecData(0, 0, 3, 'x');
    expect(answersTo(['a', 'b', 'c'])).toEqual(['data 0/3', 'data 1/3', 'data 2/3', 'parity 3/3']);
    client.fecData(0, 0, 1, 'x');
    expect(answersTo(['a'])).toEqual(['data 0/1', 'parity 1/1']);
    client.fecData(0, 0, 64, 'x');
    expect(answersTo(['a'])).toEqual(['data 0/32']);
    client.data('x');
    // The group that was open is closed with what it has.
    expect(answersTo(['a'])).toEqual(['parity 1/1', 'data -/-']);
  });

  it('closes a group that waits too long, with the number of packets that it really has', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(0, 0, 4, 'x');
    host.fromServer(0, bytesOf('AB'), SERVER.ip, SERVER.port);
    host.pass(50, 10);
    host.fromServer(0, bytesOf('C'), SERVER.ip, SERVER.port);
    client.answers();
    expect(host.tick()).toBeLessThanOrEqual(50);
    host.pass(40, 10);
    expect(client.answers()).toEqual([]);
    host.pass(10, 10);
    const [parity] = client.answers();
    expect([parity?.header.fec?.index, parity?.header.fec?.size]).toEqual([2, 2]);
    expect(Buffer.from(parity?.payload ?? []).toString('hex')).toBe('02420003');
  });

  it('never sends a partial group, or one of a single packet, in dialect reference', () => {
    const host = new RelayHost({ dialect: 'reference' });
    const client = new LstpClient(host, '203.0.113.5:1', 'reference');
    client.fecData(0, 0, 1, 'x');
    const free = host.memory.available;
    host.fromServer(0, bytesOf('AB'), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ header }) => header.fec?.size)).toEqual([2]);
    host.pass(2_000, 10);
    expect(client.answers()).toEqual([]);
    expect(host.memory.available).toBe(free);
  });

  it('sends what parity cannot protect without it', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(0, 0, 2, 'x');
    for (const size of [1_444, 1_445, 1_446]) host.fromServer(0, new Uint8Array(size), SERVER.ip, SERVER.port);
    expect(client.answers().map(({ header, payload }) => [header.version, payload.length])).toEqual([
      [2, 1_444],
      [1, 1_445],
      [1, 1_446],
    ]);
  });

  it('goes on without protection when no memory is left', () => {
    const host = new RelayHost({}, 1);
    const client = new LstpClient(host).open();
    const other = new LstpClient(host, '203.0.113.5:40001').open();
    host.memory.take();
    client.fecData(0, 0, 2, 'x');
    other.fecData(0, 0, 2, 'y');
    const sent = host.takeToServers();
    expect(sent).toHaveLength(2);
    for (const { egress } of sent) host.fromServer(egress, bytesOf('re'), SERVER.ip, SERVER.port);
    expect([...client.answers(), ...other.answers()].map(({ header }) => header.version)).toEqual([1, 1]);
    expect(host.drops()).toEqual({});
  });
});

describe('what leaves a relay', () => {
  it('is always a valid packet of the session’s dialect', () => {
    const host = new RelayHost();
    const client = new LstpClient(host).open();
    client.fecData(0, 0, 5, 'x');
    for (let i = 0; i < 40; i++) host.fromServer(0, new Uint8Array((i * 37) % 1_500), SERVER.ip, SERVER.port);
    host.pass(200);
    for (const { bytes } of host.takeToClients()) expect(isDropReason(TunnelHeader.decode(bytes))).toBe(false);
  });
});
