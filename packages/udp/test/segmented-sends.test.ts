import { UdpCounters } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { createArena } from '@lightspeed/memory';
import { AddressBook } from '@lightspeed/wire';
import { BatchSocket } from '../src/linux/batch-socket.ts';
import { EAGAIN, EINVAL, EIO, EMSGSIZE } from '../src/linux/constants.ts';
import type { Libc } from '../src/linux/libc.ts';
import { libc } from '../src/linux/libc.ts';
import { SendQueue } from '../src/linux/send-queue.ts';
import { LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

const PLACE_BYTES = 1_600;

interface Sent {
  readonly arrived: readonly number[][];
  readonly whole: boolean;
  readonly runs: number;
  readonly calls: number;
}

/** Sends datagrams of these lengths, each to the receiver with the number beside it, in one flush. */
async function send(datagrams: readonly (readonly [lengthBytes: number, to: number])[], connect = false): Promise<Sent> {
  using engine = testEngine('batch', { reserveBytes: datagrams.length * PLACE_BYTES });
  const receivers = [await engine.open({ ip: LOOPBACK, port: 0 }), await engine.open({ ip: LOOPBACK, port: 0 })];
  const peer = { ip: LOOPBACK, port: receivers[0].localPort };
  const sender = await engine.open({ ip: LOOPBACK, port: 0, ...(connect ? { connect: peer } : {}) });
  const arrived: number[][] = [[], []];
  let whole = true;
  let count = 0;
  await play(engine, {
    start: () => {
      for (const [index, [lengthBytes, to]] of datagrams.entries()) {
        sendBytes(engine, sender, receivers[to], pattern(lengthBytes, index), index * PLACE_BYTES);
      }
    },
    arrived: ({ socket, payload, port }) => {
      const to = receivers.indexOf(socket);
      const index = datagrams.findIndex(([length, at], place) => {
        return at === to && length === payload.length && Buffer.from(pattern(length, place)).equals(payload);
      });
      whole &&= index >= 0 && port === sender.localPort;
      arrived[to].push(index);
      count++;
    },
    done: () => count === datagrams.length,
  });
  const { segmented_sends: runs, send_calls: calls, datagrams_sent: sent } = engine.counters.snapshot();
  expect(sent).toBe(datagrams.length);
  return { arrived, whole, runs, calls };
}

describe('datagrams of one socket', () => {
  it('of equal length to one address go as one, and arrive each for itself and in order', async () => {
    const sent = await send(Array.from({ length: 10 }, () => [120, 0] as const));
    expect(sent).toEqual({ arrived: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], []], whole: true, runs: 1, calls: 1 });
  });

  it('may end with a shorter one, after which another run begins', async () => {
    const lengths = [100, 100, 40, 100, 100, 120];
    const sent = await send(lengths.map((lengthBytes) => [lengthBytes, 0] as const));
    // 100 100 40 | 100 100 | 120
    expect(sent).toEqual({ arrived: [[0, 1, 2, 3, 4, 5], []], whole: true, runs: 2, calls: 1 });
  });

  it('that alternate between addresses go one by one', async () => {
    const sent = await send(Array.from({ length: 8 }, (_, index) => [90, index % 2] as const));
    const arrived = [
      [0, 2, 4, 6],
      [1, 3, 5, 7],
    ];
    expect(sent).toEqual({ arrived, whole: true, runs: 0, calls: 1 });
  });

  it('are cut into runs of 64 at the most, and none of them longer than UDP allows', async () => {
    const many = await send(Array.from({ length: 130 }, () => [30, 0] as const));
    expect(many).toMatchObject({ whole: true, runs: 3, calls: 1 });
    const long = await send(Array.from({ length: 60 }, () => [1_400, 0] as const));
    expect(long).toMatchObject({ whole: true, runs: 2, calls: 1 });
  });

  it('that no Ethernet would take whole, and empty ones, go alone', async () => {
    const sent = await send([
      [1_473, 0],
      [1_473, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(sent).toMatchObject({ runs: 0, calls: 1 });
  });

  it('go as one from a connected socket, too', async () => {
    const sent = await send(
      Array.from({ length: 5 }, () => [200, 0] as const),
      true,
    );
    expect(sent).toMatchObject({ arrived: [[0, 1, 2, 3, 4], []], whole: true, runs: 1, calls: 1 });
  });
});

/** A queue in front of a kernel that answers by script, and takes everything once the script is at its end. */
function scripted(answers: number[]) {
  const calls: number[] = [];
  let errno = 0;
  const kernel: Libc = {
    ...libc(),
    sendmmsg(_fd, _messages, count) {
      calls.push(count);
      const answer = answers.shift() ?? count;
      errno = answer < 0 ? -answer : 0;
      return answer < 0 ? -1 : answer;
    },
    poll: () => 0,
    errno: () => errno,
  };
  const counters = new UdpCounters();
  const queue = new SendQueue(createArena(4, 2_000, 0), kernel, counters, new AddressBook(), 1_472);
  const owner = { closeSocket() {}, readDrops() {} };
  const use = { isIpv6: false, hasDestinations: false, adopted: false, connected: false, dropsRead: 0 };
  const socket = new BatchSocket(owner, 3, 3, { ip: 0, port: 1 }, { receive: 0, send: 0 }, use);
  const sendFive = (lengthBytes: number) => {
    for (let index = 0; index < 5; index++) queue.push(socket, index, lengthBytes, 0, 9, 0);
    queue.flush();
  };
  return { calls, counters, sendFive };
}

describe('a kernel or path that refuses runs', () => {
  it.each([EINVAL, EIO])('gets the datagrams one by one, from then on at once (errno %i)', (errno) => {
    const { calls, counters, sendFive } = scripted([-errno]);
    sendFive(100);
    sendFive(100);
    expect(calls).toEqual([1, 5, 5]);
    expect(counters.snapshot()).toMatchObject({
      datagrams_sent: 10,
      segmented_sends: 0,
      segmented_sends_refused: 1,
      send_failed: 0,
    });
  });

  it('because of their length gets shorter ones as runs still', () => {
    const { calls, counters, sendFive } = scripted([-EMSGSIZE]);
    sendFive(1_400);
    sendFive(1_400);
    sendFive(1_399);
    expect(calls).toEqual([1, 5, 5, 1]);
    expect(counters.snapshot()).toMatchObject({
      datagrams_sent: 15,
      segmented_sends: 1,
      segmented_sends_refused: 1,
      send_too_big: 0,
    });
  });

  it('is not what a full send buffer is taken for', () => {
    const { counters, sendFive } = scripted([-EAGAIN]);
    sendFive(100);
    sendFive(100);
    expect(counters.snapshot()).toMatchObject({
      datagrams_sent: 5,
      send_would_block: 5,
      segmented_sends: 1,
      segmented_sends_refused: 0,
    });
  });
});
