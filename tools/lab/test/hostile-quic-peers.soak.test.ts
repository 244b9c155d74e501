import { Random } from '@lightspeed/netem';
import { decode } from '@lightspeed/control';
import { expect, it } from 'vitest';
import { halfFrame, hostileLength, misplacedFrame } from '../src/soak/garbage-bytes.ts';
import { garbage } from '../src/soak/garbage.ts';

it('hostile QUIC peers keep nobody from registering and cost no game a datagram', { timeout: 180_000 }, async () => {
  const told: string[] = [];
  const options = { seconds: 5, quietSeconds: 1, players: 2, seed: 3 };
  const { faults } = await garbage.start((line) => told.push(line), options);
  expect(faults, told.join('\n')).toEqual([]);
});

it('half a message is never a whole one, a misplaced one always is, and most lengths are wrong', () => {
  const random = new Random(5);
  const refused = (frame: Uint8Array) => decode(frame, 'standard').type === 'refused';
  let lied = 0;
  for (let count = 0; count < 500; count++) {
    expect(refused(halfFrame(random))).toBe(true);
    expect(refused(misplacedFrame(random))).toBe(false);
    if (refused(hostileLength(random))) lied++;
  }
  expect(lied).toBeGreaterThan(250);
});
