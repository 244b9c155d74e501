import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../src/namespaces/availability.ts';
import { runCrossFamily, runOtherFamily, runRoaming, runTwoFamilies } from '../src/namespaces/both-families.ts';
import { runDrain } from '../src/namespaces/drained.ts';
import { runFailover, runRestart } from '../src/namespaces/killed.ts';
import { runMultiHomed } from '../src/namespaces/multi-homed.ts';
import { runOneNat } from '../src/namespaces/one-nat.ts';
import { runRemapped } from '../src/namespaces/remapped.ts';
import { runTwoInterfaces } from '../src/namespaces/two-interfaces.ts';
import type { Outcome, Progress } from '../src/soak/outcome.ts';

const why = await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

describe(`in network namespaces${notRun}`, () => {
  it.skipIf(why !== undefined).each<[string, (progress: Progress) => Promise<Outcome>]>([
    ['two clients behind one NAT both play', runOneNat],
    ['a game goes on when its NAT sends from other ports, or from another address', runRemapped],
    ['a client with a path by each of two interfaces loses one, and next to nothing of its game', runTwoInterfaces],
    ['a node with several addresses of both families answers from each, also from one that comes later', runMultiHomed],
    ["a client's path goes over from IPv4 to IPv6 and back, and next to nothing is lost", runRoaming],
    ['a client with a path of each family loses the IPv4 link, and nothing of its game', runTwoFamilies],
    ['a client that loses the link of the family that it uses goes on by the other one', runOtherFamily],
    ['clients register over one family and play over the other', runCrossFamily],
    ['a game sees a gap of less than 1 s when a node is killed and there is a second one', runFailover],
    ['sessions go on when the only node is killed and started again', runRestart],
    [
      'busy clients leave a node that drains, and lose nothing',
      (progress) => runDrain({ players: 8, datagramsPerSecond: 50, drainSecs: 3 }, progress),
    ],
  ])('%s', { timeout: 90_000 }, async (_what, run) => {
    const told: string[] = [];
    const { faults } = await run((line) => told.push(line));
    expect(faults, told.join('\n')).toEqual([]);
  });
});
