import type { Endpoint } from '@lightspeed/wire';
import type { EchoServer } from './game.ts';
import { Peer, until } from './game.ts';

const TIMEOUT_MS = 10_000;
const REPEAT_MS = 20;

/** Sends numbered datagrams, each once and when the one before has been echoed. */
export async function play(rounds: number, ingress: Endpoint): Promise<Peer> {
  const program = await Peer.start();
  for (let round = 0; round < rounds; round++) await echoedOnce(program, `${round}`, ingress);
  return program;
}

/** Sends a datagram once and waits for its echo. */
export async function echoedOnce(program: Peer, text: string, ingress: Endpoint): Promise<void> {
  program.send(text, ingress);
  await until(() => program.texts.includes(text), `the echo of ${text}`);
}

/** Sends a datagram again and again until its echo is there. */
export function echoed(program: Peer, text: string, ingress: Endpoint): Promise<void> {
  return sentUntil(() => program.texts.includes(text), program, text, ingress);
}

/** Sends a datagram again and again until the condition holds. */
export async function sentUntil(condition: () => boolean, program: Peer, text: string, ingress: Endpoint): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  let dueMs = 0;
  while (!condition()) {
    const nowMs = performance.now();
    if (nowMs > deadline) throw new Error(`sent ${text} for ${TIMEOUT_MS} ms in vain`);
    if (nowMs >= dueMs) {
      program.send(text, ingress);
      dueMs = nowMs + REPEAT_MS;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** From how many ports the game server was talked to: one per egress socket. */
export function egressPorts(server: EchoServer): number {
  return new Set(server.received.map(({ from }) => from.port)).size;
}
