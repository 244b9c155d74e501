import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { LstpFraming, lstpSessions } from '../../src/load/lstp-framing.ts';
import { Registrant } from '../../src/load/registrant.ts';
import type { RegisteredSession } from '../../src/load/registrant.ts';

/** What a probe tries: to register at one address of a node, and to reach a game server by way of another. */
export interface ProbePlan {
  readonly control: SocketAddress;
  readonly data: SocketAddress;
  /** The node's pin. */
  readonly sha256: Uint8Array;
  readonly ticket: Uint8Array;
  /** One that echoes. */
  readonly gameServer: Endpoint;
  /** For all of it. Tries are repeated until then. */
  readonly withinMs: number;
}

/** How long a newcomer took to register and to play. */
export interface ProbeReport {
  /** Milliseconds until the node had acknowledged the registration; undefined if it did not. */
  readonly registeredMs?: number;
  /** Milliseconds until the game server's answer was there; undefined if none came. */
  readonly playedMs?: number;
}

/** One try of a QUIC handshake: a node that does not listen yet says nothing, and QUIC asks again only after a second. */
const TRY_MS = 300;
const SEND_EVERY_MS = 50;
/** Room for what is sent, and behind it for what comes. */
const PLACE_BYTES = 2_048;
const PAYLOAD_AT = 64;
const PAYLOAD_BYTES = 5;

/** A client in few words. It hears only answers that come from the address that it has sent to. */
export async function probe(plan: ProbePlan): Promise<ProbeReport> {
  const beganMs = performance.now();
  const endsMs = beganMs + plan.withinMs;
  const registrant = await register(plan, endsMs);
  if (registrant === undefined) return {};
  const registeredMs = performance.now() - beganMs;
  const socket = createSocket(plan.data.host.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(plan.data.port, plan.data.host);
    await once(socket, 'connect');
    const hasPlayed = await play(socket, registrant.session, plan.gameServer, endsMs);
    return hasPlayed ? { registeredMs, playedMs: performance.now() - beganMs } : { registeredMs };
  } finally {
    socket.close();
    await registrant.leave();
  }
}

async function register({ control, sha256, ticket }: ProbePlan, endsMs: number): Promise<Registrant | undefined> {
  while (performance.now() < endsMs) {
    try {
      return await Registrant.register({ ...control, sha256, ticket, timeoutMs: TRY_MS });
    } catch {
      await setTimeout(SEND_EVERY_MS);
    }
  }
  return undefined;
}

/** @returns whether an answer of the game server came in time */
async function play(socket: Socket, session: RegisteredSession, gameServer: Endpoint, endsMs: number): Promise<boolean> {
  const bytes = Buffer.alloc(2 * PLACE_BYTES);
  const framing = new LstpFraming(bytes, lstpSessions(1, [session]), [gameServer]);
  let isAnswered = false;
  // An ICMP message may say that nobody listens: then no answer comes.
  socket.on('error', () => undefined);
  socket.on('message', (packet) => {
    packet.copy(bytes, PLACE_BYTES);
    framing.readOpening(0, PLACE_BYTES, packet.length);
    if (framing.unwrap(0, PLACE_BYTES, packet.length) >= 0) isAnswered = true;
  });
  while (!isAnswered && performance.now() < endsMs) {
    if (framing.isOpen(0)) {
      const headerBytes = framing.wrap(0, PAYLOAD_AT, PAYLOAD_BYTES, 0);
      socket.send(bytes.subarray(PAYLOAD_AT - headerBytes, PAYLOAD_AT + PAYLOAD_BYTES));
    } else {
      socket.send(bytes.subarray(0, framing.writeOpening(0, 0, 0)));
    }
    await setTimeout(SEND_EVERY_MS);
  }
  return isAnswered;
}
