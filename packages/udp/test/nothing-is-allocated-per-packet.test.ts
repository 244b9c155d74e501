import { getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { LOOPBACK, testEngine } from './support/scenario.ts';

const WARM_UP = 100_000;
const MEASURED = 400_000;
const IN_FLIGHT = 256;

/** Sampling costs some 1,200 bytes each time; anything boxed once per packet would cost 12 or more per packet. */
const MOST_BYTES_PER_PACKET = 2;

it('moves packets in and out without allocating', async () => {
  using engine = testEngine('batch');
  const one = await engine.open({ ip: LOOPBACK, port: 0 });
  const other = await engine.open({ ip: LOOPBACK, port: 0 });
  const { offsets, lengths, ips, ports } = engine.received;
  let packets = 0;
  let measuredFrom = 0;
  let usedBytes = 0;
  let grownBytes = 0;
  let started = false;

  await engine.run({
    onDatagrams(socket, count) {
      for (let index = 0; index < count; index++) {
        engine.send(socket, offsets[index], lengths[index], ips[index], ports[index]);
      }
      packets += count;
      if (packets > WARM_UP + MEASURED) engine.stop();
    },
    onSent() {},
    onWake() {},
    onTick() {
      if (!started) {
        started = true;
        const { start } = engine.arena.reserve;
        for (let index = 0; index < IN_FLIGHT; index++) engine.send(one, start, 120, LOOPBACK, other.localPort);
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
});
