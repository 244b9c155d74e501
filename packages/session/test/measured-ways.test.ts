import { expect, it } from 'vitest';
import { World } from './support/world.ts';

const KEEPALIVE_MS = 5_000;

function opened(delayMs: number): World {
  const world = new World({ seed: 7, tunnels: 1, link: { delayMs }, tunnel: { fecGroupSize: 0, keepaliveMs: KEEPALIVE_MS } });
  world.tunnels[0].host.open();
  world.run(1_000);
  return world;
}

/** Once a second, as somebody does who compares ways. */
function measureFor(world: World, seconds: number): void {
  const [{ host }] = world.tunnels;
  for (let second = 0; second < seconds; second++) {
    host.nowMs = world.simulation.nowMs;
    host.tick();
    host.tunnel.measure();
    host.flush();
    world.run(1_000);
  }
}

it('a way that is measured each second is known as it is now, long before its next keepalive', () => {
  const world = opened(20);
  const [{ host, link }] = world.tunnels;
  link.aToB.change({ delayMs: 60 });
  measureFor(world, 3);
  expect(host.count('rttLatestUs')).toBe(80_000);
  expect(host.count('keepalivesSent')).toBeGreaterThanOrEqual(3);
  expect(host.count('keepalivesAnswered')).toBe(host.count('keepalivesSent'));
});

it('a node that is gone is noticed no later because its way is measured', () => {
  const lostAfterMs = (isMeasured: boolean) => {
    const world = opened(20);
    const [{ host, link }] = world.tunnels;
    link.aToB.change({ loss: 1 });
    const goneMs = world.simulation.nowMs;
    while (host.count('timesLost') === 0 && world.simulation.nowMs - goneMs < 60_000) {
      if (isMeasured) measureFor(world, 1);
      else world.run(1_000);
    }
    return world.simulation.nowMs - goneMs;
  };
  expect(lostAfterMs(false)).toBeLessThan(60_000);
  expect(lostAfterMs(true)).toBeLessThanOrEqual(lostAfterMs(false));
});

it('a tunnel without a session measures nothing', () => {
  const world = new World({ seed: 7, tunnels: 1, link: { delayMs: 20 }, tunnel: { keepaliveMs: KEEPALIVE_MS } });
  const [{ host }] = world.tunnels;
  host.tunnel.measure();
  expect(host.count('keepalivesSent')).toBe(0);
});
