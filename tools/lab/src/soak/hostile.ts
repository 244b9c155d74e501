import { setTimeout } from 'node:timers/promises';
import { DEFAULT_MAX_DATAGRAM_BYTES } from '@lightspeed/udp';
import { ChildProgram } from '../child-program.ts';
import { count, mebibytes } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import type { NodeProgram } from '../node-program.ts';
import type { AttackPlan, AttackReport } from './attack.ts';
import { EchoServer } from './echo-server.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { SoakLoad, answeredOf, expectWholeLoad } from './soak-load.ts';
import type { SoakLoadReport } from './soak-load.ts';
import { NodeMetrics, startSoakNode } from './soak-node.ts';

/** How many attackers send how much, and who plays meanwhile. */
export interface HostileOptions {
  readonly seconds: number;
  readonly attackers: number;
  readonly datagramsPerSecond: number;
  readonly goodClients: number;
  readonly seed: number;
}

/** The options of the soak. */
export const LONG_HOSTILE: HostileOptions = {
  seconds: 60,
  attackers: 16,
  datagramsPerSecond: 4_000,
  goodClients: 20,
  seed: 1,
};

const GOOD_PPS = 50;
const ATTACKER_IPS = 0x7f00_0200;
/** The first of the attack, after which memory must not grow any more: tables and pools have their size by then. */
const SETTLED_SHARE = 0.25;
const MAX_GROWTH = 1.2;

/**
 * Random, truncated, oversized and contradictory datagrams, from addresses with and without sessions, beside clients that
 * behave. The node must stay up, its memory flat, the good clients' packets whole, and every datagram accounted for.
 */
export async function runHostile(options: HostileOptions, progress: Progress): Promise<Outcome> {
  const { seconds, attackers, datagramsPerSecond, goodClients, seed } = options;
  await using started = new AsyncDisposableStack();
  const attacked = started.use(await EchoServer.open());
  const load = started.use(await SoakLoad.open(goodClients, [LOOPBACK], 1));
  const node = await startSoakNode(started, [...load.servers, attacked.address], { admit: 'anybody' });
  const attack = new ChildProgram<{ ask: 'attack'; plan: AttackPlan }>(new URL('./attack-main.ts', import.meta.url), 'the attack');
  started.defer(() => attack.stop());
  const sourceIps = Array.from({ length: attackers }, (_, index) => ATTACKER_IPS + index);
  const plan = { node: node.data, sourceIps, server: attacked.address, datagramsPerSecond, seconds, seed };
  const packetsPerClient = GOOD_PPS * seconds;
  const [hostile, good, settledBytes] = await Promise.all([
    attack.ask<AttackReport>({ ask: 'attack', plan: { ...plan, longestDatagramBytes: DEFAULT_MAX_DATAGRAM_BYTES } }),
    load.run('good', node.data, { clients: goodClients, opensPerSecond: 200, packetsPerClient, ratePps: GOOD_PPS * goodClients }, progress),
    setTimeout(seconds * 1_000 * SETTLED_SHARE).then(() => node.heldBytes()),
  ]);
  await quiet(node);
  const heldBytes = await node.heldBytes();
  const metrics = await NodeMetrics.of(node);

  const growth = heldBytes / settledBytes;
  const expectations = new Expectations();
  expectations.that(!node.ended, 'the node went down');
  expectations.equal('workers that crashed', metrics.sum('worker_restarts_total'), 0);
  expectations.that(growth <= MAX_GROWTH, `memory grew to ${(growth * 100).toFixed(0)} % of what it was`);
  expectWholeLoad(expectations, good, goodClients, goodClients * packetsPerClient);
  expectAccounts(expectations, metrics, hostile, good);
  return {
    name: 'hostile',
    faults: expectations.faults,
    figures: {
      hostile: count(hostile.sent),
      oversized: count(hostile.oversized),
      'sessions of attackers': count(hostile.sessions),
      'good packets': `${count(answeredOf(good.window))} of ${count(good.window.sent)} answered`,
      memory: `${mebibytes(settledBytes)}, then ${mebibytes(heldBytes)}`,
      drops: metrics.drops('client'),
    },
  };
}

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
  expectations: Expectations,
  node: NodeMetrics,
  attack: AttackReport,
  { opened, window }: Pick<SoakLoadReport, 'opened'> & { readonly window: Pick<SoakLoadReport['window'], 'toRelay'> },
): void {
  const truncated = node.value('udp_events_total', 'event="truncated"');
  const received = node.value('packets_total', 'peer="client",direction="in"');
  expectations.equal('datagrams that attackers could not send', attack.unsent, 0);
  expectations.equal('datagrams cut for being too long', truncated, attack.oversized);
  const arrived = received + truncated + node.value('kernel_dropped_packets_total');
  expectations.equal('datagrams that reached the node, of those sent', arrived, attack.sent + opened.asked + window.toRelay);
  const accounted = node.sum('client_packets_total') + node.sum('dropped_packets_total', 'direction="client"');
  expectations.equal('datagrams handled or dropped for a reason, of those received', accounted, received);
}

/** Waits until the node has nothing more to do, so that its counters are of one instant. */
async function quiet(node: NodeProgram): Promise<void> {
  const received = () => node.metric('lightspeed_udp_events_total{event="datagrams_received"}');
  for (let before = -1, now = await received(); now !== before; now = await received()) {
    before = now;
    await setTimeout(200);
  }
}
