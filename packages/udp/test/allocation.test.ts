import { getHeapStatistics } from 'node:v8';
import type { SocketOptions } from '@lightspeed/udp';
import { hasIpv6 } from '@lightspeed/udp';
import { UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { handleOf, LOOPBACK, testEngine } from './support/scenario.ts';

const WARM_UP = 100_000;
const IN_FLIGHT = 256;

/** Sampling costs some 1,200 bytes each time; anything boxed once per packet would cost 12 or more per packet. */
const MOST_BYTES_PER_PACKET = 2;

const SOCKETS: readonly { name: string; options: SocketOptions; to: string; measured: number }[] = [
  { name: 'one IPv4 address', options: { ip: LOOPBACK, port: 0 }, to: '127.0.0.1', measured: 400_000 },
  {
    name: 'every IPv4 address, telling local addresses',
    options: { ip: 0, port: 0, localAddresses: true },
    to: '127.0.0.1',
    measured: 100_000,
  },
  {
    name: 'every address of both families, telling local addresses, for IPv6',
    options: { ip: UNSPECIFIED_IPV6, port: 0, dualStack: true, localAddresses: true },
    to: '::1',
    measured: 100_000,
  },
];

it.each(SOCKETS.filter(({ to }) => to !== '::1' || hasIpv6()))(
  'moves packets in and out of $name without allocating',
  async ({ options, to, measured }) => {
    using engine = testEngine('batch');
    const one = await engine.open(options);
    const other = await engine.open(options);
    const { offsets, lengths, ips, ports, locals } = engine.received;
    let packets = 0;
    let measuredFrom = 0;
    let usedBytes = 0;
    let grownBytes = 0;
    let started = false;

    await engine.run({
      onDatagrams(socket, count) {
        for (let index = 0; index < count; index++) {
          engine.send(socket, offsets[index], lengths[index], ips[index], ports[index], locals[index]);
        }
        packets += count;
        if (packets > WARM_UP + measured) engine.stop();
      },
      onSent() {},
      onWake() {},
      onTick() {
        if (!started) {
          started = true;
          const { start } = engine.arena.reserve;
          for (let index = 0; index < IN_FLIGHT; index++) engine.send(one, start, 120, handleOf(engine, to), other.localPort);
        }
        const used = getHeapStatistics().used_heap_size;
        if (packets > WARM_UP) {
          if (measuredFrom === 0) measuredFrom = packets;
          // A collection in between makes it shrink; what grew before counts all the same.
          else if (used > usedBytes) grownBytes += used - usedBytes;
        }
        usedBytes = used;
        return 20;
      },
    });

    expect(engine.counters.get('kernel_drops')).toBe(0);
    expect(grownBytes / (packets - measuredFrom)).toBeLessThan(MOST_BYTES_PER_PACKET);
  },
);
