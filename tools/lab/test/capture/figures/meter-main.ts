import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { answerParent } from '../../../src/child-program.ts';
import type { GameAddress } from '../support/matchmaking.ts';

/*
 * A game that measures. A capture that takes it by its process number catches only the sockets that it opens afterwards. So
 * one process has sockets that are caught and one that is not.
 */

/** A datagram of a flow. Times are milliseconds since 1970; `answeredMs` is undefined if it was lost. */
export interface SentDatagram {
  readonly sentMs: number;
  answeredMs?: number;
}

const ANSWER_MS = 500;
const EVERY_MS = 2;
const uncaught = await opened();
let isOver = false;
let playing: Promise<Record<string, SentDatagram[]>> | undefined;

const nowMs = () => performance.timeOrigin + performance.now();

async function opened(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  return socket;
}

/** One round trip. @returns its milliseconds; Infinity if it was lost */
function roundTrip(socket: Socket, { ip, port }: GameAddress): Promise<number> {
  return new Promise((resolve) => {
    const late = global.setTimeout(() => resolve(Infinity), ANSWER_MS);
    const beganMs = performance.now();
    socket.once('message', () => {
      resolve(performance.now() - beganMs);
      clearTimeout(late);
    });
    socket.send('round trip', port, ip);
  });
}

/** Sends numbered datagrams on a flow of its own until the game is over. */
async function flow({ ip, port }: GameAddress, sent: SentDatagram[]): Promise<void> {
  const socket = await opened();
  socket.on('message', (bytes) => (sent[Number(bytes.toString())].answeredMs ??= nowMs()));
  for (const startMs = performance.now(); !isOver;) {
    socket.send(String(sent.push({ sentMs: nowMs() }) - 1), port, ip);
    await setTimeout(Math.max(0, startMs + sent.length * EVERY_MS - performance.now()));
  }
  await setTimeout(ANSWER_MS);
  socket.close();
}

/** Begins a flow with one datagram every few milliseconds. */
async function newFlows({ ip, port }: GameAddress, count: number): Promise<SentDatagram[]> {
  const sent: SentDatagram[] = [];
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number++) {
    const socket = await opened();
    const datagram: SentDatagram = { sentMs: nowMs() };
    socket.once('message', () => (datagram.answeredMs = nowMs()));
    socket.send('new', port, ip);
    sent.push(datagram);
    sockets.push(socket);
    await setTimeout(EVERY_MS);
  }
  await setTimeout(ANSWER_MS);
  for (const socket of sockets) socket.close();
  return sent;
}

const program = {
  pid: () => process.pid,
  /** Round trips by turns: of the socket that is not caught, and of one that is opened now. @returns milliseconds of each, lost ones as Infinity */
  compare: async (server: GameAddress, count: number) => {
    const caught = await opened();
    const times: [number[], number[]] = [[], []];
    for (let number = 0; number < count; number++) {
      for (const which of number % 2 === 0 ? [0, 1] : [1, 0]) {
        times[which].push(await roundTrip([uncaught, caught][which], server));
        await setTimeout(1);
      }
    }
    caught.close();
    return times;
  },
  /** Plays with servers, on a flow each, until {@link finish}. */
  play: (servers: Readonly<Record<string, GameAddress>>) => {
    const sent: Record<string, SentDatagram[]> = {};
    isOver = false;
    const flows = Object.entries(servers).map(([name, server]) => flow(server, (sent[name] = [])));
    playing = Promise.all(flows).then(() => sent);
  },
  newFlows,
  finish: async () => {
    isOver = true;
    return (await playing) ?? {};
  },
};

/** What such a game does. */
export type MeterProgram = typeof program;

answerParent(program);
