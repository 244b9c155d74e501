import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel } from '@lightspeed/client';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { milliseconds, percentile } from '../figures.ts';
import { LOOPBACK, closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import type { NodeProgram } from '../node-program.ts';
import { defineRun } from '../runs.ts';
import { startSoakNode, watch } from './soak-node.ts';

const SEND_EVERY_MS = 20;
/** What a session that is bound for so long must get back. */
const BOUND_MS = 1_000;
/** When the node dies, counted from when all play again. */
const KILL_WITHIN_MS = 2_500;
/** Clients come back within two seconds after a silence, and try again after as long. */
const RESUME_MS = 20_000;

/** One player: a tunnel with one flow, whose datagrams name it. */
interface Player {
  readonly tunnel: RunningTunnel;
  readonly number: number;
  /** When its session was bound: the server got its first datagram then. It is infinite until then. */
  boundMs: number;
  /** From which port the node last sent for it. */
  port: number;
  /** The last round of datagrams of which one was answered. */
  answered: number;
}

/**
 * The node is killed again and again while clients play, come and go. Its state must load each time, and sessions that were bound for a
 * second must go on from the same egress port.
 */
export const kills = defineRun(
  'kills',
  'kill -9 of the node 100 times at any moment under load: the state loads, and sessions keep their egress port',
  { kills: 100, players: 16, seed: 1 },
  async ({ expect, progress, started }, { kills: times, players: count, seed }) => {
    const players = new Map<number, Player>();
    const server = await openGameServer(started, players);
    let node = await startSoakNode(started, [server], { admit: 'whoever registers' });
    started.defer(() => node.kill());
    const random = numbersFrom(seed);
    const socket = await openLoopbackSocket();
    started.defer(() => closeSocket(socket));
    socket.on('message', (bytes) => {
      const player = players.get(bytes.readUInt32BE(0));
      if (player !== undefined) player.answered = Math.max(player.answered, bytes.readUInt32BE(4));
    });
    let round = 0;
    const sending = setInterval(() => {
      round++;
      for (const { number, tunnel } of players.values()) {
        const [{ listen }] = tunnel.ingresses;
        const bytes = Buffer.alloc(32);
        bytes.writeUInt32BE(number);
        bytes.writeUInt32BE(round, 4);
        socket.send(bytes, listen.port, formatIpv4(listen.ip));
      }
    }, SEND_EVERY_MS);
    started.defer(() => clearInterval(sending));
    started.defer(async () => {
      await Promise.all([...players.values()].map(({ tunnel }) => tunnel.close()));
    });
    let next = 0;
    const join = async (): Promise<void> => {
      const number = next++;
      const player = await joinAs(number, node, server);
      players.set(number, player);
    };
    await Promise.all(Array.from({ length: count }, join));

    const gapsMs: number[] = [];
    let judged = 0;
    for (let kill = 1; kill <= times; kill++) {
      progress(`kill ${kill} of ${times}`);
      await setTimeout(random() * KILL_WITHIN_MS);
      // One goes as the node dies, and one comes afterwards, so that there are always sessions of every age.
      const [[oldest, { tunnel }]] = players;
      players.delete(oldest);
      const closing = tunnel.close();
      const killedMs = performance.now();
      const before = [...players.values()].map(({ number, port, boundMs }) => ({ number, port, isOld: killedMs - boundMs >= BOUND_MS }));
      await node.kill();
      // Only the next node can pass on what is sent from here on. Answers that were under way do not count.
      const lastRound = round;
      node = await node.again();
      const fault = node.lines.find((line) => /"level":(40|50|60)/.test(line) && /state|session/.test(line));
      expect.that(fault === undefined, `kill ${kill}: the node says: ${fault}`);
      const hasLoaded = node.lines.some((line) => line.includes('goes on with the clients of an earlier run'));
      expect.that(hasLoaded || !before.some(({ isOld }) => isOld), `kill ${kill}: the node says nothing of the clients that it had`);
      const areBack = () => [...players.values()].every(({ answered }) => answered > lastRound);
      const back = await watch(areBack, RESUME_MS, () => progress(`kill ${kill}: not all play again yet`));
      expect.that(back, `kill ${kill}: not all play again within ${RESUME_MS / 1_000} s`);
      gapsMs.push(performance.now() - killedMs);
      for (const { number, port, isOld } of before) {
        const player = players.get(number);
        if (!isOld || player === undefined) continue;
        judged++;
        expect.that(player.port === port, `kill ${kill}: player ${number} has egress port ${player.port}, and had ${port}`);
      }
      await Promise.all([closing, join()]);
    }
    return {
      kills: times,
      'players at a time': count,
      'sessions judged': judged,
      'gap: median, longest': `${milliseconds(
        percentile(
          gapsMs.toSorted((a, b) => a - b),
          0.5,
        ),
      )}, ${milliseconds(Math.max(...gapsMs))}`,
    };
  },
);

/** A game server that answers, and notes from which port each player's datagrams come. */
async function openGameServer(started: AsyncDisposableStack, players: ReadonlyMap<number, Player>): Promise<Endpoint> {
  const socket = await openLoopbackSocket();
  started.defer(() => closeSocket(socket));
  socket.on('message', (bytes, { port, address }) => {
    const player = players.get(bytes.readUInt32BE(0));
    if (player !== undefined) {
      player.port = port;
      if (player.boundMs === Infinity) player.boundMs = performance.now();
    }
    socket.send(bytes, port, address);
  });
  return { ip: LOOPBACK, port: socket.address().port };
}

async function joinAs(number: number, node: NodeProgram, gameServer: Endpoint): Promise<Player> {
  const ingresses = [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }];
  const tunnel = await startTunnel({ register: { nodes: [node.settings] }, ingresses });
  return { tunnel, number, boundMs: Infinity, port: 0, answered: 0 };
}

/** Fractions that a seed repeats (a linear congruential generator, Numerical Recipes). */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
