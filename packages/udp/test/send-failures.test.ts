import { UdpCounters } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { createArena } from '@lightspeed/memory';
import { AddressBook } from '@lightspeed/wire';
import { BatchSocket } from '../src/linux/batch-socket.ts';
import { EAGAIN, ECONNREFUSED, EINTR, EMSGSIZE, ENOBUFS, ENOMEM } from '../src/linux/constants.ts';
import type { Libc } from '../src/linux/libc.ts';
import { libc } from '../src/linux/libc.ts';
import { SendQueue } from '../src/linux/send-queue.ts';

const EPERM = 1;

/** What the kernel says to one sendmmsg: how many it took, or minus an errno. */
type Answer = number;

/** A queue in front of a kernel that answers by script, and takes everything once the script is at its end. */
function scripted(answers: Answer[], room: boolean[] = []) {
  const real = libc();
  const calls: { fd: number; count: number }[] = [];
  const waits: boolean[] = [];
  let errno = 0;
  const kernel: Libc = {
    ...real,
    sendmmsg(fd, _messages, count) {
      calls.push({ fd, count });
      const answer = answers.shift() ?? count;
      errno = answer < 0 ? -answer : 0;
      return answer < 0 ? -1 : answer;
    },
    poll() {
      const answer = room.shift() ?? false;
      waits.push(answer);
      return answer ? 1 : 0;
    },
    errno: () => errno,
  };
  const counters = new UdpCounters();
  const queue = new SendQueue(createArena(1, 100, 0), kernel, counters, new AddressBook());
  const counted = () => Object.fromEntries(Object.entries(counters.snapshot()).filter(([, value]) => value > 0));
  return { queue, calls, waits, counted };
}

function socketOf(fd: number): BatchSocket {
  const owner = { closeSocket() {}, readDrops() {} };
  const use = { isIpv6: false, hasDestinations: false, adopted: false, connected: false, dropsRead: 0 };
  return new BatchSocket(owner, fd, fd, { ip: 0, port: 1 }, { receive: 0, send: 0 }, use);
}

function queueTen(queue: SendQueue, socket: BatchSocket): void {
  for (let index = 0; index < 10; index++) queue.push(socket, index, 7, 0, 9, 0);
}

describe('sending ten datagrams', () => {
  it('goes on where the kernel stopped', () => {
    const { queue, calls, counted } = scripted([4, 1]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(calls.map(({ count }) => count)).toEqual([10, 6, 5]);
    expect(counted()).toEqual({ datagrams_sent: 10, bytes_sent: 70, send_calls: 3 });
  });

  it.each([
    ['send_too_big', EMSGSIZE],
    ['send_no_buffers', ENOBUFS],
    ['send_no_buffers', ENOMEM],
    ['send_failed', EPERM],
  ])('drops the one that fails and counts it as %s (errno %i)', (counter, errno) => {
    const { queue, calls, counted } = scripted([4, -errno]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(calls.map(({ count }) => count)).toEqual([10, 6, 5]);
    expect(counted()).toEqual({ datagrams_sent: 9, bytes_sent: 63, send_calls: 3, [counter]: 1 });
  });

  it('tries the same one again after a signal or the report of a refusal', () => {
    const { queue, calls, counted } = scripted([-EINTR, 2, -ECONNREFUSED, -ECONNREFUSED]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(calls.map(({ count }) => count)).toEqual([10, 10, 8, 8, 8]);
    expect(counted()).toEqual({ datagrams_sent: 10, bytes_sent: 70, send_calls: 5, interrupted: 1, send_refused: 2 });
  });

  it('gives one up that meets nothing but refusals', () => {
    const { queue, counted } = scripted([-ECONNREFUSED, -ECONNREFUSED, -ECONNREFUSED, -ECONNREFUSED]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(counted()).toEqual({ datagrams_sent: 9, bytes_sent: 63, send_calls: 5, send_refused: 4, send_failed: 1 });
  });

  it('waits for room in a full send buffer', () => {
    const { queue, waits, counted } = scripted([5, -EAGAIN, 2, -EAGAIN], [true, true]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(waits).toEqual([true, true]);
    expect(counted()).toEqual({ datagrams_sent: 10, bytes_sent: 70, send_calls: 5 });
  });

  it('drops the rest when there is room but not for us', () => {
    const { queue, waits, counted } = scripted([5, -EAGAIN, -EAGAIN], [true]);
    queueTen(queue, socketOf(3));
    queue.flush();
    expect(waits).toEqual([true]);
    expect(counted()).toEqual({ datagrams_sent: 5, bytes_sent: 35, send_calls: 3, send_would_block: 5 });
  });

  it('waits in vain only once a flush, however many sockets are stuck', () => {
    const { queue, calls, waits, counted } = scripted([-EAGAIN, -EAGAIN, -EAGAIN]);
    for (const fd of [3, 4, 5, 6]) queueTen(queue, socketOf(fd));
    queue.flush();
    expect(calls.map(({ fd }) => fd)).toEqual([3, 4, 5, 6]);
    expect(waits).toEqual([false]);
    expect(counted()).toEqual({ datagrams_sent: 10, bytes_sent: 70, send_calls: 4, send_would_block: 30 });

    // The next flush has its own timeout.
    queueTen(queue, socketOf(7));
    queue.flush();
    expect(counted()).toMatchObject({ datagrams_sent: 20 });
  });
});
