import { setTimeout } from 'node:timers/promises';
import { DEFAULT_MAX_DATAGRAM_BYTES } from '@lightspeed/udp';
import { count, mebibytes } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { AttackFigure, startAttack } from './attack-plan.ts';
import { startEchoServer } from './echo-server.ts';
import { expectAccounts } from './hostile-accounts.ts';
import { LoadFigure, startLoad } from './load-plan.ts';
import { dropsLine, expectWholeLoad, loadLine } from './load-verdict.ts';
import { NodeProcess } from './node-process.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { watch } from './watch.ts';

export interface HostileOptions {
  readonly seconds: number;
  readonly attackers: number;
  readonly datagramsPerSecond: number;
  readonly goodClients: number;
  readonly seed: number;
}

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
const MOST_GROWTH = 1.2;
const TIMEOUT_MS = 30_000;

/**
 * Random, truncated, oversized and contradictory datagrams, from addresses with and without sessions, beside clients that
 * behave: the node must stay up, its memory flat, the good clients' packets whole, and every datagram accounted for.
 */
export async function runHostile(options: HostileOptions, progress: Progress): Promise<Outcome> {
  const { seconds, attackers, datagramsPerSecond, goodClients, seed } = options;
  await using started = new AsyncDisposableStack();
  const echo = await startEchoServer({ io: 'auto', addresses: 2 });
  started.defer(() => echo.stop());
  const [server, attackedServer] = echo.ready.addresses;
  const node = await NodeProcess.start({ allow: echo.ready.addresses, io: 'auto' });
  started.defer(() => node.close());
  const attack = await startAttack({
    io: 'auto',
    node: node.address,
    sourceIps: Array.from({ length: attackers }, (_, index) => ATTACKER_IPS + index),
    server: attackedServer,
    datagramsPerSecond,
    seed,
    longestDatagramBytes: DEFAULT_MAX_DATAGRAM_BYTES,
  });
  const stopAttack = once(() => attack.stop());
  started.defer(stopAttack);
  const load = await startLoad({
    io: 'auto',
    node: node.address,
    sourceIps: [LOOPBACK],
    servers: [server],
    clients: goodClients,
    opensPerSecond: 200,
    packetsPerClient: GOOD_PPS * seconds,
    packetsPerSecondPerClient: GOOD_PPS,
  });
  started.defer(() => load.stop());

  await setTimeout(seconds * 1_000 * SETTLED_SHARE);
  const settled = await node.reportHeldMemory();
  const tell = () => progress(`${count(attack.figures[AttackFigure.sent])} hostile datagrams; ${loadLine(load.figures)}`);
  const ended = await watch(() => load.figures[LoadFigure.done] === 1, seconds * 1_000 + TIMEOUT_MS, tell);
  await stopAttack();
  await quiet(node);
  const accounted = await node.reportHeldMemory();

  const growth = accounted.rssBytes / settled.rssBytes;
  const expectations = new Expectations();
  expectations.that(ended, 'the load generator did not come to its end');
  expectations.that(!node.ended, 'the node went down');
  expectations.equal('workers that crashed', accounted.stats.workerRestarts, 0);
  expectations.that(growth <= MOST_GROWTH, `memory grew to ${(growth * 100).toFixed(0)} % of what it was`);
  expectWholeLoad(expectations, load.figures, goodClients, goodClients * GOOD_PPS * seconds);
  expectAccounts(expectations, accounted.stats, attack.figures, load.figures);
  return {
    name: 'hostile',
    faults: expectations.faults,
    figures: {
      hostile: count(attack.figures[AttackFigure.sent]),
      oversized: count(attack.figures[AttackFigure.oversized]),
      'sessions of attackers': count(attack.figures[AttackFigure.sessions]),
      'good packets': `${count(load.figures[LoadFigure.answered])} of ${count(load.figures[LoadFigure.sent])} answered`,
      memory: `${mebibytes(settled.rssBytes)}, then ${mebibytes(accounted.rssBytes)}`,
      drops: dropsLine(accounted.stats.clientDrops),
    },
  };
}

/** Waits until the node has nothing more to do, so that its counters are of one instant. */
async function quiet(node: NodeProcess): Promise<void> {
  let before = -1;
  let received = (await node.report()).stats.udp.datagrams_received;
  while (received !== before) {
    await setTimeout(200);
    before = received;
    received = (await node.report()).stats.udp.datagrams_received;
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
