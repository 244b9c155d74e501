import { refusedDestinationsExtension, refusedPacketsExtension } from '@lightspeed/control';
import type { Extension, Report } from '@lightspeed/control';
import { expect, it } from 'vitest';
import { NodeReports } from '../src/control/node-reports.ts';

const LIMITS = { ratePps: 1_000, rateBps: 1_000_000 };
const DENIED = { ip: 0x0a00_0001, port: 5, reason: 'destination_denied' } as const;

function report(
  sessionId: number,
  [expected, received, late, recovered]: readonly number[],
  extensions: readonly Extension[] = [],
): Report {
  return { type: 'report', sessionId, expected, received, late, recovered, extensions };
}

it('sums up what nodes have reported, and knows a session that has begun again from 0', () => {
  const reports = new NodeReports();
  expect(reports.up).toBeUndefined();
  const take = (node: string, sessionId: number, ...numbers: number[]) => reports.take(node, report(sessionId, numbers), undefined, false);
  take('a', 1, 100, 90, 5, 2);
  take('a', 1, 150, 130, 6, 4);
  expect(reports.up).toMatchObject({ expected: 150, received: 130, late: 6, recovered: 4 });
  // The node has opened the session anew; then the client has another session there, and one at another node.
  take('a', 1, 10, 9, 0, 0);
  expect(reports.up).toMatchObject({ expected: 160, received: 139, late: 6, recovered: 4 });
  take('a', 2, 1_000, 1_000, 0, 0);
  take('b', 1, 20, 20, 0, 0);
  expect(reports.up).toMatchObject({ expected: 1_180, received: 1_159 });
});

it('goes on across the wrap of the numbers', () => {
  const reports = new NodeReports();
  const before = 2 ** 32 - 10;
  reports.take('a', report(1, [before, before, 0, 0]), undefined, false);
  reports.take('a', report(1, [5, 4, 0, 0]), undefined, false);
  expect(reports.up).toMatchObject({ expected: before + 15, received: before + 14 });
});

it('adds up refusals by direction and reason, and keeps the limits that they are about', () => {
  const reports = new NodeReports();
  const refused = (packets: number) => [refusedPacketsExtension.encode([{ direction: 'up', reason: 'rate_packets', packets }])];
  reports.take('a', report(1, [1, 1, 0, 0], refused(3)), LIMITS, false);
  reports.take('a', report(1, [2, 2, 0, 0], refused(4)), undefined, false);
  expect(reports.up).toMatchObject({ refused: [{ direction: 'up', reason: 'rate_packets', packets: 7 }], limits: LIMITS });
});

it('tells of a refused game server once for each node and reason, and of 256 at most', () => {
  const reports = new NodeReports();
  const take = (node: string, ...destinations: Parameters<typeof refusedDestinationsExtension.encode>[0]) =>
    reports.take(node, report(1, [1, 1, 0, 0], [refusedDestinationsExtension.encode(destinations)]), undefined, false);
  expect(take('a', DENIED, DENIED)).toEqual([DENIED]);
  expect(take('a', DENIED)).toEqual([]);
  expect(take('b', DENIED, { ...DENIED, reason: 'flow_limit' })).toHaveLength(2);
  let told = 3;
  for (let ip = 1; ip < 1_000; ip++) told += take('a', { ...DENIED, ip }).length;
  expect(told).toBe(256);
});

it('leaves the way to a node out that only carries what goes to others, but not what it refuses', () => {
  const reports = new NodeReports();
  const extensions = [refusedDestinationsExtension.encode([DENIED])];
  expect(reports.take('via', report(1, [100, 50, 0, 0], extensions), undefined, true)).toEqual([DENIED]);
  expect(reports.up).toMatchObject({ expected: 0, received: 0 });
});
