import { describe, expect, it } from 'vitest';
import { LstpClient, SERVER } from './support/lstp-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { World } from './support/world.ts';

const PROGRAM = { ip: 0x7f00_0001, port: 5_001 };

describe('a game at the limit of packets', () => {
  it.each([1, 2, 4])('loses nothing because it is protected, with a parity packet for every %i', (fecGroupSize) => {
    const world = new World({ seed: 1, tunnels: 1, link: { delayMs: 10 }, tunnel: { fecGroupSize, keepaliveMs: 5_000 } });
    const [{ host }] = world.tunnels;
    world.onServer = ({ bytes }, answer) => answer(bytes);
    host.open();
    world.run(1_000);
    const startMs = world.simulation.nowMs;
    const roundTrips = 10_000;
    for (let n = 0; n < roundTrips; n++) {
      world.simulation.at(startMs + n, () => {
        host.nowMs = world.simulation.nowMs;
        host.fromLocal(new Uint8Array(100), PROGRAM, SERVER);
      });
    }
    let answered = 0;
    for (let ms = 0; ms < roundTrips + 1_000; ms += 100) {
      world.run(100);
      answered += host.takeToLocal().length;
    }
    expect(world.relay.drops()).toEqual({});
    expect(answered).toBe(roundTrips);
    expect(world.relay.count('parityPackets')).toBeGreaterThanOrEqual(roundTrips / fecGroupSize);
  });
});

it('parity without data is no way around the limit of packets', () => {
  const host = new RelayHost({ maxPpsPerClient: 100, maxBpsPerClient: 100_000 });
  const client = new LstpClient(host).open();
  const seconds = 20;
  for (let ms = 0; ms < seconds * 1_000; ms++) {
    client.fecParity(ms, ['x']);
    host.pass(1, 1);
  }
  // One second's worth at once, and as much in each second.
  expect(host.count('parityPackets')).toBeLessThanOrEqual(2 * 100 * (seconds + 1));
  expect(host.drops()).toMatchObject({ 'client:rate_bytes': expect.any(Number) as number });
});
