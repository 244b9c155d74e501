import { sumOf } from '../figures.ts';
import type { NodeProgram } from '../node-program.ts';
import type { Expectations } from '../runs.ts';
import type { GarbageTally } from './hostile-session.ts';

/** What a node has counted of its control plane, in the words of its metrics. */
export async function controlAccounts(node: NodeProgram) {
  const metrics = await node.metrics();
  const [registered, resumed] = ['accepted', 'resumed'].map((result) => metrics.value('registrations_total', `result="${result}"`));
  const connections = (result: string) => metrics.value('control_connections_total', `result="${result}"`);
  const refusals = (what: string) => metrics.value('control_refusals_total', `what="${what}"`);
  return {
    accepted: connections('accepted'),
    overPerAddress: connections('over_max_per_address'),
    overMax: connections('over_max'),
    /** Open now. */
    connections: metrics.value('control_connections'),
    registered,
    /** Registrations that were refused. */
    unregistered: metrics.sum('registrations_total') - registered - resumed,
    /** Clients that came again, and got their session back. */
    resumed,
    refusals: refusals('message'),
    rateLimited: refusals('rate_limited'),
    protocol: refusals('protocol'),
    notReading: refusals('not_reading'),
  };
}

/**
 * That what hostile peers did and what the node counted are the same:
 *
 * ```
 *   completed handshakes, seen from there <= connections that the node took or refused <= handshakes begun
 *   closes that came <= closes that the node counted       (a close may be lost, as the last thing that is sent)
 *   refusals that came <= Registers refused <= Registers sent, and none was acknowledged
 * ```
 *
 * @param welcome clients that behave: each has one connection, and one registration
 */
export function expectControlAccounts(
  expect: Expectations,
  node: Awaited<ReturnType<typeof controlAccounts>>,
  peers: readonly GarbageTally[],
  welcome: number,
): void {
  const sum = (key: Exclude<keyof GarbageTally, 'closes'>) => sumOf(peers, (report) => report[key]);
  const closes = (code: string) => sumOf(peers, ({ closes }) => closes[code] ?? 0);
  const seen = node.accepted + node.overPerAddress + node.overMax - welcome;
  const between = (what: string, least: number, got: number, most: number) =>
    expect.that(least <= got && got <= most, `${what}: ${got}, not from ${least} to ${most}`);
  between('connections of hostile peers', sum('opened'), seen, sum('attempts'));
  expect.equal('registrations', node.registered, welcome);
  expect.equal('connections refused for want of room', node.overMax, 0);
  expect.equal('hopeless registrations that were acknowledged', sum('acknowledged'), 0);
  expect.equal('sessions that had to be resumed', node.resumed, 0);
  between('hopeless registrations', closes('0x4c02'), node.unregistered, sum('registers'));
  between('connections closed for too many bytes', closes('0x4c03') - node.overPerAddress, node.rateLimited, seen);
  between('connections closed for what was refused', closes('0x4c40'), node.protocol, seen);
  between('messages refused', node.protocol, node.refusals, sum('streams'));
}
