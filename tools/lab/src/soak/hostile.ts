import { setTimeout } from 'node:timers/promises';
import { DEFAULT_MAX_DATAGRAM_BYTES } from '@lightspeed/udp';
import { count, mebibytes } from '../figures.ts';
import { openGameServer } from '../game/game-server.ts';
import type { NodeMetrics } from '../node-metrics.ts';
import type { NodeProgram } from '../node-program.ts';
import { defineRun } from '../runs.ts';
import type { Expectations } from '../runs.ts';
import type { AttackReport } from './attack.ts';
import { answeredOf, expectWholeLoad, openSoakLoad } from './soak-load.ts';
import type { SoakLoadReport } from './soak-load.ts';
import { startAttacker, startSoakNode } from './soak-node.ts';

const GOOD_PPS = 50;
const ATTACKER_IPS = 0x7f00_0200;
/** The first of the attack, after which memory must not grow any more: tables and pools have their size by then. */
const SETTLED_SHARE = 0.25;
const MAX_GROWTH = 1.2;

/**
 * Random, truncated, oversized and contradictory datagrams, from addresses with and without sessions, beside clients that
 * behave. The node must stay up, its memory flat, the good clients' packets whole, and every datagram accounted for.
 */
export const hostile = defineRun(
  'hostile',
  'random, truncated and oversized datagrams for 60 s: up, flat memory, good clients whole, all accounted for',
  { seconds: 60, attackers: 16, datagramsPerSecond: 4_000, goodClients: 20, seed: 1 },
  async ({ expect, progress, started }, { seconds, attackers, datagramsPerSecond, goodClients: clients, seed }) => {
    const { address: server } = started.use(await openGameServer());
    const load = await openSoakLoad(started, clients);
    const node = await startSoakNode(started, [...load.servers, server], { admit: 'anybody' });
    const attacker = startAttacker(started, 'the attack');
    const sourceIps = Array.from({ length: attackers }, (_, index) => ATTACKER_IPS + index);
    const target = { node: node.data, server, longestDatagramBytes: DEFAULT_MAX_DATAGRAM_BYTES };
    const packetsPerClient = GOOD_PPS * seconds;
    const [attack, good, settledBytes] = await Promise.all([
      attacker.attack({ ...target, sourceIps, datagramsPerSecond, seconds, seed }),
      load.run('good', node.data, { clients, opensPerSecond: 200, packetsPerClient, ratePps: GOOD_PPS * clients }, progress),
      setTimeout(seconds * 1_000 * SETTLED_SHARE).then(() => node.heldBytes()),
    ]);
    await quiet(node);
    const heldBytes = await node.heldBytes();
    const metrics = await node.metrics();

    const growth = heldBytes / settledBytes;
    expect.that(!node.ended, 'the node went down');
    expect.equal('workers that crashed', metrics.sum('worker_restarts_total'), 0);
    expect.that(growth <= MAX_GROWTH, `memory grew to ${(growth * 100).toFixed(0)} % of what it was`);
    expectWholeLoad(expect, good, clients, clients * packetsPerClient);
    expectAccounts(expect, metrics, attack, good);
    return {
      hostile: count(attack.sent),
      oversized: count(attack.oversized),
      'sessions of attackers': count(attack.sessions),
      'good packets': `${count(answeredOf(good.window))} of ${count(good.window.sent)} answered`,
      memory: `${mebibytes(settledBytes)}, then ${mebibytes(heldBytes)}`,
      drops: metrics.drops('client'),
    };
  },
);

/**
 * That every datagram is accounted for, from its sender to its end:
 *
 * ```
 *   sent by attackers and good clients
 *     = too long for the node's slots + dropped by the kernel in front of it + received by its relay
 *   received by its relay
 *     = data + parity + keepalives + handshakes + FINs + drops, by reason
 * ```
 */
export function expectAccounts(
  expect: Expectations,
  node: NodeMetrics,
  attack: AttackReport,
  { opened, window }: Pick<SoakLoadReport, 'opened'> & { readonly window: Pick<SoakLoadReport['window'], 'toRelay'> },
): void {
  const truncated = node.value('udp_events_total', 'event="truncated"');
  const received = node.value('packets_total', 'peer="client",direction="in"');
  expect.equal('datagrams that attackers could not send', attack.unsent, 0);
  expect.equal('datagrams cut for being too long', truncated, attack.oversized);
  const arrived = received + truncated + node.value('kernel_dropped_packets_total');
  expect.equal('datagrams that reached the node, of those sent', arrived, attack.sent + opened.asked + window.toRelay);
  const accounted = node.sum('client_packets_total') + node.sum('dropped_packets_total', 'direction="client"');
  expect.equal('datagrams handled or dropped for a reason, of those received', accounted, received);
}

/** Waits until the node has nothing more to do, so that its counters are of one instant. */
async function quiet(node: NodeProgram): Promise<void> {
  const received = () => node.metric('udp_events_total', 'event="datagrams_received"');
  for (let before = -1, now = await received(); now !== before; now = await received()) {
    before = now;
    await setTimeout(200);
  }
}
