import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, TunnelHeader, isDropReason } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { Registrant } from '../load/registrant.ts';
import type { RegisteredSession } from '../load/registrant.ts';

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
const PROOF_BYTES = 28;
const GAME: Endpoint = { ip: 0x0a00_0001, port: 27_005 };

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

async function play(socket: Socket, { sessionId, token, secret }: RegisteredSession, server: Endpoint, endsMs: number): Promise<boolean> {
  let isOpen = false;
  let isAnswered = false;
  // An ICMP message may say that nobody listens: then no answer comes.
  socket.on('error', () => undefined);
  socket.on('message', (bytes) => {
    const packet = TunnelHeader.decode(bytes);
    if (isDropReason(packet)) return;
    if (packet.kind === 'handshake') isOpen = true;
    if (packet.kind === 'data') isAnswered = true;
  });
  for (let sequence = 0; !isAnswered && performance.now() < endsMs; sequence++) {
    const packet = isOpen
      ? TunnelHeader.data(sequence, 0, GAME, server).withSessionToken(token).encodeWithPayload(Buffer.from('probe'))
      : proof(sequence, token);
    if (!isOpen) encodeProof(packet, 0, sessionId, BigInt(sequence + 1), secret, hmacSha256);
    socket.send(packet);
    await setTimeout(SEND_EVERY_MS);
  }
  return isAnswered;
}

function proof(sequence: number, token: number): Uint8Array {
  const nowhere = { ip: 0, port: 0 };
  const header = new TunnelHeader({ flags: FLAG_HANDSHAKE, token, sequence, timestampUs: 0, source: nowhere, destination: nowhere });
  return header.encodeWithPayload(new Uint8Array(PROOF_BYTES));
}
