import { ProbeError } from '@lightspeed/probe';
import type { WayRouters } from '@lightspeed/probe';
import { describe, expect, it } from 'vitest';
import { RouterWatch } from '../src/probes/router-watch.ts';

const SERVER = { ip: '203.0.113.9', port: 27_015 };
const found = (...times: readonly [ttl: number, ms: number][]): WayRouters => {
  return { routers: times.map(([ttl, roundTripMs]) => ({ ttl, ip: `192.0.2.${ttl}`, roundTripMs })), serverTtl: 9 };
};

/** A watch whose searches give these, one after the other, and a clock. */
function watching(...results: readonly (WayRouters | Error)[]) {
  let nowMs = 0;
  let searches = 0;
  const routers = () => {
    const result = results[Math.min(searches++, results.length - 1)];
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  };
  const watch = new RouterWatch({ routers }, () => nowMs);
  const look = async (target = SERVER) => {
    watch.look(target);
    await Promise.resolve();
    await Promise.resolve();
    return watch.look(target);
  };
  return { watch, look, wait: (ms: number) => (nowMs += ms), count: () => searches };
}

describe('the routers on the way', () => {
  it('are looked for once at the start of a match, and once a minute', async () => {
    const { look, wait, count } = watching(found([1, 2]));
    await look();
    wait(59_000);
    await look();
    expect(count()).toBe(1);
    wait(1_000);
    await look();
    expect(count()).toBe(2);
    await look({ ...SERVER, port: 1 });
    expect(count()).toBe(3);
  });

  it('keep their shortest round trips, and are kept where they are silent for once', async () => {
    const { look, wait } = watching(found([1, 5], [2, 20]), found([1, 9], [3, 30]));
    await look();
    wait(60_000);
    expect((await look())?.routers.map(({ ttl, roundTripMs }) => [ttl, roundTripMs])).toEqual([
      [1, 5],
      [2, 20],
      [3, 30],
    ]);
  });

  it('of another server are unknown at first', async () => {
    const { look, watch } = watching(found([1, 5]));
    await look();
    expect(watch.look({ ...SERVER, ip: '203.0.113.10' })).toBeUndefined();
  });

  it('are missing where this machine cannot look for them, with the reason', async () => {
    const { look } = watching(new ProbeError('ERR_PROBE_UNAVAILABLE', 'probes by TTL need Linux'));
    expect(await look()).toMatchObject({ routers: [], obstacle: 'probes by TTL need Linux' });
  });
});
