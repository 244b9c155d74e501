import { expect, it } from 'vitest';
import { kills } from '../src/soak/kills.ts';

it('a node that is killed loads its state, and sessions keep their egress port', { timeout: 120_000 }, async () => {
  const told: string[] = [];
  const { faults, figures } = await kills.start((line) => told.push(line), { kills: 3, players: 6 });
  expect(faults, told.join('\n')).toEqual([]);
  expect(figures['sessions judged']).toBeGreaterThan(0);
});
