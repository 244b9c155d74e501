import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marksOf } from '../src/rules/marks.ts';
import { readCounts, readSilence, tableCommand } from '../src/rules/table.ts';
import type { TableSettings } from '../src/rules/table.ts';
import { writePacket } from '../src/helper/packet.ts';

const SETTINGS: TableSettings = {
  number: 3,
  marks: marksOf(3, false),
  port: 40_000,
  nodes: ['203.0.113.9', '203.0.113.9'],
  target: { kind: 'cgroup', path: 'lightspeed.slice/user-1000-1', level: 2 },
};

describe('the rules of a capture', () => {
  it('are one command, that belongs to the process that gives it', () => {
    const command = tableCommand(SETTINGS);
    expect(command).not.toContain('\n');
    expect(command.startsWith('table ip lightspeed_3 { flags owner; ')).toBe(true);
  });

  it('never catch private networks and the nodes, each once', () => {
    const command = tableCommand(SETTINGS);
    expect(command).toContain('192.168.0.0/16');
    expect(command.split('203.0.113.9')).toHaveLength(2);
  });

  it('of a gateway go by interface and device, and have no control group', () => {
    const target = { kind: 'gateway', lan: ['eth1'], ips: ['192.168.1.20'], macs: ['00:1a:2b:3c:4d:5e'] } as const;
    const command = tableCommand({ ...SETTINGS, target });
    expect(command).toContain('iifname { eth1 } meta l4proto udp ip saddr { 192.168.1.20 } goto choose');
    expect(command).toContain('ether saddr { 00:1a:2b:3c:4d:5e } goto choose');
    expect(command).not.toContain('cgroupv2');
  });

  it.each([
    ['2m58s248ms', 1_752],
    ['2m59s996ms', 4],
    ['3m', 0],
    ['59s', 121_000],
    ['1m10ms', 119_990],
    ['7ms', 179_993],
  ])('remember a flow for so much less as it was silent: expires %s', (expires, silentMs) => {
    const listing = `table ip lightspeed_3 { set direct { timeout 3m elements = { 10.0.0.2 . 5 . 8.8.4.4 . 27015 expires ${expires} } } }`;
    expect(readSilence(listing)).toBe(silentMs);
    expect(readSilence('set direct { timeout 3m }')).toBeUndefined();
  });

  it('of a network namespace catch all that its programs send', () => {
    const command = tableCommand({ ...SETTINGS, target: { kind: 'namespace' } });
    expect(command).toContain('; meta l4proto udp goto program; }');
    expect(command).not.toContain('cgroupv2');
  });

  it('differ in their marks by capture and kind', () => {
    const marks = [marksOf(1, false), marksOf(2, false), marksOf(1, true)];
    expect(new Set(marks.map(({ answer }) => answer)).size).toBe(3);
  });
});

it('counters are read from what nft lists', () => {
  const listing =
    'table ip lightspeed_1 {\n\tcounter caught_datagrams {\n\t\tpackets 12 bytes 340\n\t}\n\tcounter answers_refused {\n\t\tpackets 0 bytes 0\n\t}\n}\n';
  expect(readCounts(listing)).toEqual(
    new Map([
      ['caught_datagrams', 12],
      ['answers_refused', 0],
    ]),
  );
});

it('a datagram that is sent again has a right checksum, whatever it has inside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_500 }), fc.nat(0xffff), fc.nat(0xffff), (payload, from, to) => {
      const packet = writePacket({ ip: '10.1.2.3', port: from }, { ip: '203.0.113.9', port: to }, payload);
      expect(packet.subarray(28)).toEqual(payload);
      // Over the pseudo header and the datagram with its checksum, the sum is all ones (RFC 1071).
      let sum = 17 + packet.length - 20;
      for (let at = 12; at < packet.length; at += 2) sum += (packet[at] << 8) | (packet[at + 1] ?? 0);
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
      expect(sum).toBe(0xffff);
    }),
  );
});
