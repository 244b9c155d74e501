import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:dgram';
import { join } from 'node:path';
import { openLoopbackSocket } from '@lightspeed/lab';
import { MadeNode, issueTicket, startMade } from './made-node.ts';
import type { MadePrograms } from './made-programs.ts';

/** Emulated processors are slow. */
const START_MS = 90_000;
const ROUND_TRIP_MS = 15_000;
const DATAGRAMS = 50;

/** What was seen of a match in which every datagram is answered by the game server. */
export interface Match {
  /** Datagrams that came back to the game, of 50. */
  readonly answered: number;
  /** What the node says of itself when it serves. */
  readonly node: { readonly engine: string; readonly quic: string };
  /** All that the client has printed. */
  readonly client: readonly string[];
  /** Native code that the client can run, by file names. */
  readonly clientAddons: readonly string[];
}

/**
 * Plays a match with programs that were made: a node with tickets, a client that registers by one, and a game server that echoes.
 * @param folder for what they write
 * @param clientOptions of `lightspeed play`, besides
 */
export async function playMatch(programs: MadePrograms, folder: string, clientOptions: readonly string[] = []): Promise<Match> {
  const { issuerKey, ticketFile } = await issueTicket(programs, folder);
  return play(programs, folder, ['--issuer-key', issuerKey, '--control-bind', '127.0.0.1:0'], ({ control, pin }) => [
    ...['--node', control, '--pin', pin, '--ticket', ticketFile],
    ...clientOptions,
  ]);
}

/** The same with a node that admits everybody, without registration. */
export function playOpenMatch(programs: MadePrograms, folder: string): Promise<Match> {
  return play(programs, folder, ['--open'], ({ data }) => ['--open', '--node', data]);
}

async function play(
  programs: MadePrograms,
  folder: string,
  nodeOptions: readonly string[],
  clientOptions: (serving: MadeNode['said']) => readonly string[],
): Promise<Match> {
  await using server = await openLoopbackSocket();
  server.on('message', (payload, { port, address }) => server.send(payload, port, address));
  await using node = await MadeNode.start(programs, join(folder, 'state'), nodeOptions);
  const { said } = node;
  await using client = startMade(programs, 'client', [
    ...['play', '--listen', '127.0.0.1:0', '--game-server', `127.0.0.1:${server.address().port}`],
    ...clientOptions(said),
  ]);
  const pointed = await client.line(/^point the game at /, START_MS);
  await client.line(/^connected /, START_MS);
  const answered = await exchange(Number(/127\.0\.0\.1:(\d+)/.exec(pointed)?.[1]));
  const clientAddons = addonsOf(client.pid);
  await client.endedBy('SIGINT', START_MS);
  return { answered, node: { engine: said.engine, quic: said.quic }, client: [...client.lines], clientAddons };
}

/** Plays 50 datagrams: each waits for the answer to the one before. @returns how many were answered with their own bytes */
export async function exchange(port: number): Promise<number> {
  await using game = await openLoopbackSocket();
  let answered = 0;
  for (let number = 0; number < DATAGRAMS; number++) {
    const payload = Buffer.from(`datagram ${number}`);
    game.send(payload, port, '127.0.0.1');
    if ((await nextMessage(game))?.equals(payload) === true) answered++;
  }
  return answered;
}

async function nextMessage(game: Socket): Promise<Buffer | undefined> {
  const signal = AbortSignal.timeout(ROUND_TRIP_MS);
  const [message] = (await once(game, 'message', { signal }).catch(() => [undefined])) as [Buffer | undefined];
  return message;
}

function addonsOf(pid: number): string[] {
  const found = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/ r-xp .*\/([\w-]+\.node)(?: \(deleted\))?$/gm);
  return [...new Set([...found].map(([, name = '']) => name))].sort();
}
