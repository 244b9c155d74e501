import type { Endpoint } from '@lightspeed/wire';
import type { EchoServer } from './game.ts';
import { Peer } from './game.ts';

const PATIENCE_MS = 10_000;
const REPEAT_MS = 20;

/** Sends numbered datagrams, one at a time, each again and again until its echo is there, as a game would. */
export async function play(rounds: number, entrance: Endpoint): Promise<Peer> {
  const program = await Peer.start();
  for (let round = 0; round < rounds; round++) await echoed(program, `${round}`, entrance);
  return program;
}

/** One round of {@link play}. @returns how often it had to be sent. */
export async function echoed(program: Peer, text: string, entrance: Endpoint): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  let sent = 0;
  let dueMs = 0;
  while (!program.texts.includes(text)) {
    const nowMs = performance.now();
    if (nowMs > deadline) throw new Error(`no echo of ${text} in ${PATIENCE_MS} ms`);
    if (nowMs >= dueMs) {
      program.send(text, entrance);
      sent++;
      dueMs = nowMs + REPEAT_MS;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

/** From how many ports the game server was talked to: one per egress socket. */
export function egressPorts(server: EchoServer): number {
  return new Set(server.received.map(({ from }) => from.port)).size;
}
