import { FecMemory } from '@lightspeed/fec';
import { DestinationPolicy, PROOF_PACKET_BYTES, encodeProof } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, relayCountersIn } from '@lightspeed/session';
import type { RelayOutput } from '@lightspeed/session';
import { AddressBook, FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { clientIp, secretOf, serverIp, serverOf, sessionIdOf, tokenOf } from './addresses.ts';
import { xorShift } from '../micro/random.ts';

const SLOT = 64;
const SLOT_BYTES = 4_096;
const BLOCKS = 64;
const BLOCK_BYTES = 1_536;
const GAME_PORT = 27_015;
const PAYLOAD_BYTES = 120;

/**
 * A relay with so many registered sessions, each with a flow, in memory: what they take there, and how long its calls take.
 * A worker of a node has one.
 */
export class PopulatedRelay implements RelayOutput {
  readonly relay: Relay;
  readonly #bytes = new Uint8Array(SLOT_BYTES + BLOCKS * BLOCK_BYTES);
  readonly #sessions: number;
  #nextEgress = 0;
  #nowMs = 1_000;

  constructor(sessions: number) {
    this.#sessions = sessions;
    const allowAll = { allow: [{ network: 0, prefixLength: 0, lowPort: 0, highPort: 65_535 }] };
    this.relay = new Relay(
      { ...DEFAULT_RELAY_OPTIONS, maxClients: sessions, maxPpsPerUnboundAddress: 1_000_000 },
      {
        memory: new FecMemory(this.#bytes, SLOT_BYTES, BLOCKS * BLOCK_BYTES),
        addresses: new AddressBook(),
        policy: new DestinationPolicy(allowAll),
        counters: relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES)),
        output: this,
        random: xorShift(7),
        hmacSha256,
      },
    );
  }

  /** Registers and opens all of them, and sends a packet by each to its game server. */
  populate(): void {
    for (let session = 0; session < this.#sessions; session++) {
      const identity = { sessionId: sessionIdOf(session), token: tokenOf(session), secret: secretOf(session) };
      this.relay.register({ ...identity, prefixHigh: 0, prefixLow: clientIp(session), dialect: 'standard' });
      this.#prove(session);
      this.#play(session);
      this.relay.sent();
    }
    if (this.relay.flowCount !== this.#sessions) throw new Error(`${this.relay.flowCount} of ${this.#sessions} flows opened`);
  }

  /** Lets time pass, calling the relay whenever it wants to be called. @returns the longest call in ms. */
  pass(forMs: number): number {
    let longestMs = 0;
    const untilMs = this.#nowMs + forMs;
    while (this.#nowMs < untilMs) {
      this.relay.advance(this.#nowMs, (this.#nowMs * 1_000) | 0);
      const beganMs = performance.now();
      const waitMs = this.relay.handleTimeout();
      longestMs = Math.max(longestMs, performance.now() - beganMs);
      this.relay.sent();
      this.#nowMs += Math.max(1, waitMs);
    }
    return longestMs;
  }

  toClient(): void {
    // Nobody is there.
  }

  toServer(): void {
    // Nobody is there.
  }

  openEgress(): number {
    return this.#nextEgress++;
  }

  closeEgress(): void {
    // There is no socket.
  }

  egressPort(egress: number): number {
    return egress;
  }

  forward(): void {
    throw new Error('there is no other relay');
  }

  flush(): void {
    this.relay.sent();
  }

  banned(): void {
    throw new Error('a client of the benchmark was banned');
  }

  #prove(session: number): void {
    writeHeader(this.#bytes, SLOT, VERSION_PLAIN, FLAG_HANDSHAKE, tokenOf(session), 0, 1, 0, 0, 0, 0);
    encodeProof(this.#bytes, SLOT, sessionIdOf(session), 1n, secretOf(session), hmacSha256);
    this.#hand(session, PROOF_PACKET_BYTES);
  }

  #play(session: number): void {
    const server = serverIp(serverOf(session));
    writeHeader(this.#bytes, SLOT, VERSION_PLAIN, 0, tokenOf(session), 1, 1, clientIp(session), 5_000, server, GAME_PORT);
    this.#hand(session, HEADER_BYTES + PAYLOAD_BYTES);
  }

  #hand(session: number, length: number): void {
    this.relay.advance(this.#nowMs, (this.#nowMs * 1_000) | 0);
    // Each session has a port of its own, by its token.
    this.relay.handleClientDatagram(SLOT, length, clientIp(session), 10_000 + tokenOf(session), 0);
  }
}

/** Bytes that a registered, idle session takes in its relay, after a collection. Needs `--expose-gc`. */
export function bytesPerRegisteredSession(sessions: number): number {
  const before = usedBytes();
  const populated = new PopulatedRelay(sessions);
  populated.populate();
  const after = usedBytes();
  // Looked at afterwards too, or it might be collected before.
  if (populated.relay.sessionCount !== sessions) throw new Error('sessions are missing');
  return (after - before) / sessions;
}

function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('memory can be measured only after a collection: run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
