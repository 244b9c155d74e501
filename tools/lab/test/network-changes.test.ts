import { describe, expect, it } from 'vitest';
import { remapped, twoInterfaces } from './namespaces/changes.ts';
import { crossFamily, otherFamily, roaming, twoFamilies } from './namespaces/families.ts';
import { whyNoNamespaces } from './namespaces/internet.ts';
import { multiHomed } from './namespaces/multi-homed.ts';
import { drain, failover, restart } from './namespaces/nodes.ts';
import { oneNat } from './namespaces/together.ts';
import type { Run } from '../src/runs.ts';

const why = await whyNoNamespaces();
const notRun = why === undefined ? '' : ` (not run: ${why})`;

describe(`in network namespaces${notRun}`, () => {
  it.skipIf(why !== undefined).each<[string, Pick<Run, 'start'>]>([
    ['two clients behind one NAT both play', oneNat],
    ['a game goes on when its NAT sends from other ports, or from another address', remapped],
    ['a client with a path by each of two interfaces loses one, and next to nothing of its game', twoInterfaces],
    ['a node with several addresses of both families answers from each, also from one that comes later', multiHomed],
    ["a client's path goes over from IPv4 to IPv6 and back, and next to nothing is lost", roaming],
    ['a client with a path of each family loses the IPv4 link, and nothing of its game', twoFamilies],
    ['a client that loses the link of the family that it uses goes on by the other one', otherFamily],
    ['clients register over one family and play over the other', crossFamily],
    ['a game sees a gap of less than 1 s when a node is killed and there is a second one', failover],
    ['sessions go on when the only node is killed and started again', restart],
    [
      'busy clients leave a node that drains, and lose nothing',
      { start: (progress) => drain.start(progress, { players: 8, datagramsPerSecond: 50, drainSecs: 3 }) },
    ],
  ])('%s', { timeout: 90_000 }, async (_what, { start }) => {
    const told: string[] = [];
    const { faults } = await start((line) => told.push(line));
    expect(faults, told.join('\n')).toEqual([]);
  });
});
