import { describe, expect, it } from 'vitest';
import { faultOfTeeworlds, measuredLoss, playTeeworlds } from './teeworlds/run.ts';
import { findTeeworlds } from './teeworlds/server.ts';
import type { TeeworldsPrograms } from './teeworlds/server.ts';
import { TRIALS } from './teeworlds/stage.ts';

const found = findTeeworlds();
const why = typeof found === 'string' ? ` (not run: ${found})` : '';

describe('Teeworlds', () => {
  it.skipIf(why !== '').each(['IPv4', 'IPv6'])(
    `enters over %s through client and node, which lose 5 in 100 packets each way, from the node's address, and stays${why}`,
    { timeout: 120_000 },
    async (family) => {
      const result = await playTeeworlds({
        programs: found as TeeworldsPrograms,
        loss: 0.05,
        fecGroupSize: 4,
        seed: 1,
        ipv6: family === 'IPv6',
        staySeconds: 20,
        trials: [],
        log: () => undefined,
      });
      expect(result.entered).toContain('addr=127.0.0.2:');
      expect(faultOfTeeworlds(result)).toBeUndefined();
      expect(result.stays.map(({ players }) => players.length)).toEqual([1]);
      expect(result.recoveredToServer + result.recoveredToPlayer).toBeGreaterThan(0);
      expect(measuredLoss(result)).toBeGreaterThan(0.025);
      expect(measuredLoss(result)).toBeLessThan(0.08);
    },
  );

  it.skipIf(why !== '')(
    `stays while its client moves, a NAT forgets it, one of two paths goes, and the node is killed and started again${why}`,
    { timeout: 150_000 },
    async () => {
      const result = await playTeeworlds({
        programs: found as TeeworldsPrograms,
        loss: 0.02,
        fecGroupSize: 4,
        seed: 2,
        // A server gives up on a player after 10 s.
        staySeconds: 11,
        trials: TRIALS,
        log: () => undefined,
      });
      expect(faultOfTeeworlds(result)).toBeUndefined();
      expect(result.departures).toEqual([]);
      expect(result.stays.map(({ players }) => players.length)).toEqual(TRIALS.map(() => 1));
      // From the same address and port as in the beginning.
      const [, address] = /addr=(\S+)/.exec(result.entered) ?? [];
      expect(result.stays.every(({ players }) => players[0].includes(`addr=${address} `))).toBe(true);
    },
  );
});
