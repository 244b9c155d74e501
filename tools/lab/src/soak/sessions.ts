import { count, mebibytes } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { defineRun } from '../runs.ts';
import { watch } from '../watch.ts';
import { expectWholeLoad, openSoakLoad } from './soak-load.ts';
import { startSoakNode } from './soak-node.ts';

/** One address may hold 1,000 sessions. */
const SESSIONS_PER_ADDRESS = 800;
/** Players per game server: a node has as many egress sockets as its fullest server has players. */
const PLAYERS_PER_SERVER = 100;
const PACKETS_PER_SECOND = 10_000;
const TIMEOUT_MS = 60_000;
const MAX_GROWTH = 1.2;

/**
 * Many sessions: all must open, be answered and expire, and the node's memory must come back to within 20 % of what it
 * was. Memory is the resident size of the node's process after a garbage collection in all its threads. It is read after
 * a first, smaller round has come and gone, so that what a node allocates once is there. Then it is read in each round
 * with all sessions open, and after they have expired.
 */
export const sessions = defineRun(
  'sessions',
  '10,000 sessions: all open, all answered, all expired, memory back to within 20 %',
  {
    sessions: 10_000,
    /** Sessions of the round before, after which memory is measured for the first time. */
    warmUpSessions: 1_000,
    /** How often all sessions come and go: what leaks grows with each. */
    rounds: 2,
    packetsPerSession: 3,
    opensPerSecond: 2_500,
    sessionTimeoutSecs: 10,
  },
  async ({ expect, progress, started }, { sessions, warmUpSessions, rounds, sessionTimeoutSecs, ...options }) => {
    const sourceIps = Array.from({ length: Math.ceil(sessions / SESSIONS_PER_ADDRESS) }, (_, index) => LOOPBACK + 0x100 + index);
    const load = await openSoakLoad(started, sessions, sourceIps, Math.ceil(sessions / PLAYERS_PER_SERVER));
    const node = await startSoakNode(started, load.servers, { admit: 'anybody', sessionTimeoutSecs, flowTimeoutSecs: sessionTimeoutSecs });
    /** Opens sessions, has them answered, and waits until they have expired. @returns the node's memory with all open */
    const round = async (number: number, clients: number) => {
      const { packetsPerSession: packetsPerClient, opensPerSecond } = options;
      const plan = { clients, opensPerSecond, packetsPerClient, ratePps: PACKETS_PER_SECOND };
      const report = await load.run(`round ${number}`, node.data, plan, progress);
      expectWholeLoad(expect, report, clients, clients * packetsPerClient);
      const heldBytes = await node.heldBytes();
      let left = NaN;
      const expired = async () => (left = await node.metric('sessions')) === 0;
      await watch(expired, sessionTimeoutSecs * 1_000 + TIMEOUT_MS, () => progress(`${count(left)} sessions have not expired yet`));
      expect.equal('sessions that did not expire', left, 0);
      return heldBytes;
    };

    await round(0, warmUpSessions);
    const beforeBytes = await node.heldBytes();
    const before = await node.metrics();
    const open: number[] = [];
    const gone: number[] = [];
    for (let number = 1; number <= rounds; number++) {
      open.push(await round(number, sessions));
      gone.push(await node.heldBytes());
    }
    const after = await node.metrics();
    const growth = (gone.at(-1) ?? beforeBytes) / beforeBytes;
    const counted = (name: string, labels?: string) => after.value(name, labels) - before.value(name, labels);
    expect.equal('sessions that the node opened', counted('sessions_opened_total'), sessions * rounds);
    expect.equal('sessions that expired', counted('sessions_ended_total', 'how="expired"'), sessions * rounds);
    expect.equal('datagrams that the kernel dropped in front of the node', after.value('kernel_dropped_packets_total'), 0);
    for (const what of ['sessions', 'flows', 'egress_sockets']) expect.equal(`${what} left`, after.value(what), 0);
    expect.that(growth <= MAX_GROWTH, `memory grew to ${(growth * 100).toFixed(0)} % of what it was`);
    return {
      sessions: `${count(sessions)}, ${rounds} times`,
      'memory before': mebibytes(beforeBytes),
      'with all open': open.map(mebibytes).join(', '),
      'after expiry': gone.map(mebibytes).join(', '),
      'dropped of clients': after.drops('client'),
      'dropped of servers': after.drops('server'),
      'after, of before': `${(growth * 100).toFixed(0)} %`,
    };
  },
);
