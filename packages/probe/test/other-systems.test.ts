import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Prober, whyNoProbes } from '@lightspeed/probe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LOOPBACK = '127.0.0.1';
const CHALLENGE = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x41, 1, 2, 3, 4]);
const own = process.platform;

describe('on another system than Linux', () => {
  beforeEach(() => void Object.defineProperty(process, 'platform', { value: 'win32' }));
  afterEach(() => void Object.defineProperty(process, 'platform', { value: own }));

  it.each(['icmp', 'ttl'] as const)('a probe by %s is refused, and no other socket is opened in its place', async (kind) => {
    const probed = new Prober().probe({ ip: LOOPBACK, port: 9 }, kind, { count: 1 });

    await expect(probed).rejects.toMatchObject({
      code: 'ERR_PROBE_UNAVAILABLE',
      message: expect.stringContaining('the system is win32, not Linux') as string,
    });
    expect(whyNoProbes(kind)).toContain('the system is win32, not Linux');
  });

  it('servers are measured by A2S', async () => {
    const server = createSocket('udp4').bind(0, LOOPBACK);
    await once(server, 'listening');
    server.on('message', (_, { port, address }) => server.send(CHALLENGE, port, address));
    const measured = await new Prober().probe({ ip: LOOPBACK, port: server.address().port }, 'a2s', { count: 2 });
    server.close();

    expect(measured).toMatchObject({ origin: LOOPBACK, roundTripsMs: [expect.any(Number), expect.any(Number)] });
  });
});
