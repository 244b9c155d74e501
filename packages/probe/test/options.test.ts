import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Prober } from '@lightspeed/probe';
import type { ProbeOptions, ProbeTarget } from '@lightspeed/probe';

const target = { ip: '127.0.0.1', port: 27_015 };

describe('a measurement', () => {
  it.each<[string, ProbeTarget, ProbeOptions, string]>([
    ['a name', { ...target, ip: 'localhost' }, {}, 'ip must be an IPv4 address such as 192.0.2.7, got "localhost"'],
    ['an IPv6 address', { ...target, ip: '::1' }, {}, 'ip must be an IPv4 address such as 192.0.2.7, got "::1"'],
    ['port 0', { ...target, port: 0 }, {}, 'port must be a whole number from 1 to 65535, got 0'],
    ['more probes than a burst has', target, { count: 11 }, 'count must be a whole number from 1 to 10, got 11'],
    ['no probes', target, { count: 0 }, 'count must be a whole number from 1 to 10, got 0'],
    ['long pauses', target, { spacingMs: 1_001 }, 'spacingMs must be a whole number from 0 to 1000, got 1001'],
    ['a long wait', target, { timeoutMs: 60_000 }, 'timeoutMs must be a whole number from 1 to 1000, got 60000'],
  ])('refuses %s', async (_what, to, options, message) => {
    await expect(new Prober().probe(to, 'tcp', options)).rejects.toMatchObject({ code: 'ERR_PROBE_OPTION', message });
  });

  it('is refused while as many as allowed are under way, and taken again afterwards', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const open = { ip: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const prober = new Prober({ maxMeasurements: 1 });

    const first = prober.probe(open, 'tcp', { count: 2, spacingMs: 10 });
    await expect(prober.probe(open, 'tcp')).rejects.toMatchObject({ code: 'ERR_PROBE_BUSY' });
    expect(prober.running).toBe(1);

    expect((await first).roundTripsMs).toEqual([expect.any(Number), expect.any(Number)]);
    expect(prober.running).toBe(0);
    server.close();
  });
});
