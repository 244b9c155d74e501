import type { RelayCounterName } from '@lightspeed/proxy';
import { count, mebibytes } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { startEchoServer } from './echo-server.ts';
import type { EchoServerReady } from './echo-server.ts';
import type { EngineThread } from './engine-thread.ts';
import { LoadFigure, startLoad } from './load-plan.ts';
import { dropsLine, expectWholeLoad, loadLine } from './load-verdict.ts';
import { NodeProcess } from './node-process.ts';
import { Expectations } from './outcome.ts';
import type { Outcome, Progress } from './outcome.ts';
import { watch } from './watch.ts';

export interface SessionsOptions {
  readonly sessions: number;
  /** Sessions of the round before, after which memory is measured for the first time. */
  readonly warmUpSessions: number;
  /** How often all sessions come and go: what leaks grows with each. */
  readonly rounds: number;
  readonly packetsPerSession: number;
  readonly opensPerSecond: number;
  readonly sessionTimeoutSecs: number;
}

export const LONG_SESSIONS: SessionsOptions = {
  sessions: 10_000,
  warmUpSessions: 1_000,
  rounds: 2,
  packetsPerSession: 3,
  opensPerSecond: 2_500,
  sessionTimeoutSecs: 10,
};

/** One address may hold 1,000 sessions. */
const SESSIONS_PER_ADDRESS = 800;
/** Players per game server: a node has as many egress sockets as its fullest server has players. */
const PLAYERS_PER_SERVER = 100;
const PACKETS_PER_SECOND = 10_000;
const TIMEOUT_MS = 60_000;
const MOST_GROWTH = 1.2;

/**
 * Many sessions: all must open, be answered and expire, and the node's memory must come back to within 20 % of what it
 * was. Memory is the resident size of the node's process after a garbage collection in all its threads. It is
 * read after a first, smaller round has come and gone, so that what a node allocates once is there; in each round with
 * all sessions open; and after they have expired.
 */
export async function runSessions(options: SessionsOptions, progress: Progress): Promise<Outcome> {
  const { sessions, warmUpSessions, sessionTimeoutSecs } = options;
  await using started = new AsyncDisposableStack();
  const echo = await startEchoServer({ io: 'auto', addresses: Math.ceil(sessions / PLAYERS_PER_SERVER) });
  started.defer(() => echo.stop());
  const node = await NodeProcess.start({ allow: echo.ready.addresses, io: 'auto', sessionTimeoutSecs });
  started.defer(() => node.close());
  const expectations = new Expectations();

  await round(node, echo, { ...options, sessions: warmUpSessions }, expectations, progress);
  const before = await node.reportHeldMemory();
  const open: string[] = [];
  const gone: string[] = [];
  let after = before;
  for (let number = 1; number <= options.rounds; number++) {
    open.push(mebibytes(await round(node, echo, options, expectations, progress)));
    after = await node.reportHeldMemory();
    gone.push(mebibytes(after.rssBytes));
  }

  const growth = after.rssBytes / before.rssBytes;
  const counted = (name: RelayCounterName) => after.stats.relay[name] - before.stats.relay[name];
  expectations.equal('sessions that the node opened', counted('sessionsOpened'), sessions * options.rounds);
  expectations.equal('sessions that expired', counted('sessionsExpired'), sessions * options.rounds);
  expectations.equal('datagrams that the kernel dropped in front of the node', after.stats.udp.kernel_drops, 0);
  expectations.equal('sessions left', after.stats.relay.sessions, 0);
  expectations.equal('flows left', after.stats.relay.flows, 0);
  expectations.equal('egress sockets left', after.stats.relay.egressSockets, 0);
  expectations.that(growth <= MOST_GROWTH, `memory grew to ${(growth * 100).toFixed(0)} % of what it was`);
  return {
    name: 'sessions',
    faults: expectations.faults,
    figures: {
      sessions: `${count(sessions)}, ${options.rounds} times`,
      'memory before': mebibytes(before.rssBytes),
      'with all open': open.join(', '),
      'after expiry': gone.join(', '),
      'dropped of clients': dropsLine(after.stats.clientDrops),
      'dropped of servers': dropsLine(after.stats.serverDrops),
      'after, of before': `${(growth * 100).toFixed(0)} %`,
    },
  };
}

/** Opens sessions, has them answered, and waits until they have expired. @returns the node's memory with all open */
async function round(
  node: NodeProcess,
  echo: EngineThread<EchoServerReady>,
  { sessions, packetsPerSession, opensPerSecond, sessionTimeoutSecs }: SessionsOptions,
  expectations: Expectations,
  progress: Progress,
): Promise<number> {
  const load = await startLoad({
    io: 'auto',
    node: node.address,
    sourceIps: Array.from({ length: Math.ceil(sessions / SESSIONS_PER_ADDRESS) }, (_, index) => LOOPBACK + 0x100 + index),
    servers: echo.ready.addresses,
    clients: sessions,
    opensPerSecond,
    packetsPerClient: packetsPerSession,
    packetsPerSecondPerClient: PACKETS_PER_SECOND / sessions,
  });
  try {
    const answered = () => load.figures[LoadFigure.done] === 1;
    const ended = await watch(answered, TIMEOUT_MS, () => progress(loadLine(load.figures)));
    expectations.that(ended, 'the load generator did not come to its end');
    expectWholeLoad(expectations, load.figures, sessions, sessions * packetsPerSession);
    const { rssBytes } = await node.reportHeldMemory();
    let left = sessions;
    const expired = async () => {
      left = (await node.report()).stats.relay.sessions;
      return left === 0;
    };
    const allExpired = await watch(expired, sessionTimeoutSecs * 1_000 + TIMEOUT_MS, () => {
      progress(`${count(left)} sessions have not expired yet`);
    });
    expectations.that(allExpired, `${left} sessions did not expire`);
    return rssBytes;
  } finally {
    await load.stop();
  }
}
