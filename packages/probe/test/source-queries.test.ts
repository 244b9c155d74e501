import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Prober } from '@lightspeed/probe';

/** A community server, which answers A2S_INFO with these bytes. */
async function gameServer(answer: readonly number[]) {
  const socket = createSocket('udp4');
  const requests: string[] = [];
  socket.on('message', (request, { port, address }) => {
    requests.push(request.toString('latin1'));
    socket.send(Uint8Array.from(answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { requests, target: { ip: '127.0.0.1', port: socket.address().port }, [Symbol.dispose]: () => socket.close() };
}

const HEAD = [0xff, 0xff, 0xff, 0xff];

describe('A2S_INFO', () => {
  it.each([
    ['a challenge', [...HEAD, 0x41, 1, 2, 3, 4]],
    ['its information', [...HEAD, 0x49, 17, 0x61, 0]],
  ])('is answered by %s: one round trip, and one request each', async (_what, answer) => {
    using server = await gameServer(answer);

    const { origin, roundTripsMs } = await new Prober().probe(server.target, 'a2s', { count: 3, spacingMs: 5 });

    expect(origin).toBe('127.0.0.1');
    expect(roundTripsMs).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(server.requests).toEqual(Array.from({ length: 3 }, () => '\xff\xff\xff\xffTSource Engine Query\0'));
  });

  it.each([
    ['something of another game', [1, 2, 3, 4, 5, 6]],
    ['too few bytes', HEAD],
    ['nothing', []],
  ])('is not answered by %s', async (_what, answer) => {
    using server = await gameServer(answer);

    const { origin, roundTripsMs } = await new Prober().probe(server.target, 'a2s', { count: 2, timeoutMs: 50 });

    expect(origin).toBeUndefined();
    expect(roundTripsMs).toEqual([undefined, undefined]);
  });
});
