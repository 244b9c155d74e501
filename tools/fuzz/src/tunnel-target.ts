import { ok as must } from 'node:assert/strict';
import { hmacSha256 } from '@lightspeed/security/node';
import {
  DEFAULT_PROTECTION,
  DEFAULT_TUNNEL_OPTIONS,
  LocalFlow,
  TUNNEL_COUNTERS_BYTES,
  Tunnel,
  TunnelCounter,
  tunnelCountersIn,
} from '@lightspeed/session';
import type { TunnelOutput } from '@lightspeed/session';
import { tagKeys } from '@lightspeed/security';
import { FLAG_HANDSHAKE, HEADER_BYTES, readFlags, readSequence, readTimestampUs, writeControlHeader } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import { Arena } from './arena.ts';
import { Datagrams } from './datagrams.ts';
import type { Random } from '@lightspeed/netem';
import { ALLOWED, PROGRAMS, PROTECTIONS, TERMS, TERMS_IN_HANDSHAKE } from './scene.ts';
import { ignore, reachedOf } from './target.ts';
import type { Reached, Target } from './target.ts';

const NODE: Endpoint = { ip: 0xc000_0201, port: 4_434 };
const STRANGER: Endpoint = { ip: 0xc000_0209, port: 4_434 };
const REGISTRATION = { sessionId: 77, secret: new Uint8Array(16).fill(9) };
const TOKEN = 90;

/**
 * A tunnel with forged and true packets of its node, while programs send and time passes. Nothing may be delivered but to a
 * program that has sent to that server, and packets go nowhere but to the node.
 */
export class TunnelTarget implements Target, TunnelOutput {
  readonly #random: Random;
  readonly #datagrams: Datagrams;
  readonly #arena = new Arena();
  readonly #counters = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
  readonly #dialect: Dialect;
  readonly #tunnel: Tunnel;
  readonly #flows: readonly LocalFlow[];
  readonly #used = new Set<LocalFlow>();
  // What a tunnel may tell at any time.
  readonly event = ignore;
  readonly attacked = ignore;
  readonly pathEvent = ignore;
  #length = 0;
  #nowMs = 1_000;
  #nonce = 0n;
  #openingNonce = 0n;
  #isTagged = false;
  /** The last HANDSHAKE that went out. */
  #handshake = { sequence: 0, timestampUs: 0 };

  constructor(random: Random, dialect: Dialect, isRegistered: boolean) {
    this.#random = random;
    this.#dialect = dialect;
    this.#datagrams = new Datagrams(random);
    this.#flows = PROGRAMS.flatMap((from) => ALLOWED.map(({ ip, port }) => new LocalFlow(0, from.ip, from.port, ip, port)));
    const registration = isRegistered ? REGISTRATION : undefined;
    this.#tunnel = new Tunnel(
      {
        ...DEFAULT_TUNNEL_OPTIONS,
        ...{ dialect, registration, token: isRegistered ? TOKEN : 0, fecGroupSize: 4, keepaliveMs: 500 },
        protection: { ...DEFAULT_PROTECTION, mode: random.pick(PROTECTIONS) },
        terms: isRegistered && !random.once(4) ? TERMS : undefined,
      },
      {
        memory: this.#arena.memory,
        counters: this.#counters,
        output: this,
        random: () => random.nextU32() | 0,
        hmacSha256,
        nextNonce: () => ++this.#nonce,
      },
    );
    this.#tunnel.setNodeAddress(0, NODE.ip, NODE.port);
    this.#tunnel.advance(this.#nowMs, this.#nowMs * 1_000);
    this.#tunnel.open();
  }

  get input(): Uint8Array {
    return this.#arena.copy(this.#length);
  }

  step(): void {
    const random = this.#random;
    if (random.once(4)) this.#nowMs += random.once(500) ? random.nextInt(5_000) : random.nextInt(4);
    this.#tunnel.advance(this.#nowMs | 0, (this.#nowMs * 1_000) | 0);
    const kind = random.nextInt(32);
    if (kind === 0) this.#tunnel.handleTimeout();
    else if (kind < 6) this.#send();
    else if (kind === 6) this.#acknowledge();
    else if (kind === 7 && random.once(400)) this.#startTags();
    else this.#sendAny();
    if (this.#tunnel.state === 'idle' || this.#tunnel.state === 'closed') this.#tunnel.open();
    this.#tunnel.sent();
  }

  replay(bytes: Uint8Array): void {
    this.#arena.bytes.set(bytes, this.#arena.offset);
    this.#give(bytes.length);
    this.#tunnel.sent();
  }

  check(): void {
    const { values } = this.#counters;
    const dropped = this.#counters.nodeDrops.reduce((sum, drops) => sum + drops, 0);
    must(dropped <= values[TunnelCounter.nodePacketsReceived], 'more is dropped than came');
    this.#tunnel.leave();
    this.#tunnel.sent();
    const { available, capacity } = this.#arena.memory;
    must(available === capacity, `${capacity - available} blocks are not given back`);
  }

  get reached(): Reached {
    return reachedOf(this.#counters.values, TunnelCounter, this.#counters.nodeDrops);
  }

  // What the tunnel asks for.

  toNode(path: number, offset: number, length: number): void {
    must(path === 0 && length >= HEADER_BYTES, 'a packet goes by a path that there is not, or is none');
    const { bytes } = this.#arena;
    if ((readFlags(bytes, offset) & FLAG_HANDSHAKE) !== 0) {
      this.#handshake = { sequence: readSequence(bytes, offset), timestampUs: readTimestampUs(bytes, offset) };
    }
  }

  toLocal(flow: LocalFlow): void {
    must(this.#used.has(flow), 'a program gets an answer and has asked nothing');
  }

  roundTrip(_path: number, rttUs: number): void {
    must(Number.isInteger(rttUs), 'a round trip is no number');
  }

  #startTags(): void {
    this.#isTagged = true;
    this.#tunnel.startTags();
  }

  #send(): void {
    const flow = this.#random.pick(this.#flows);
    this.#used.add(flow);
    this.#tunnel.handleLocalDatagram(flow, this.#arena.offset, this.#random.nextInt(1_500));
  }

  /** A true acknowledgement, or nearly so. */
  #acknowledge(): void {
    const random = this.#random;
    const { bytes, offset } = this.#arena;
    const { sequence, timestampUs } = this.#handshake;
    writeControlHeader(bytes, offset, FLAG_HANDSHAKE, random.once(10) ? random.nextInt(256) : TOKEN, sequence, timestampUs);
    const view = this.#arena.memory.view;
    view.setBigUint64(offset + HEADER_BYTES, random.pick([0n, TERMS_IN_HANDSHAKE, BigInt(random.nextU32())]));
    view.setBigUint64(offset + HEADER_BYTES + 8, this.#nonce);
    this.#openingNonce = this.#nonce;
    this.#give(HEADER_BYTES + random.pick([0, 8, 16]));
  }

  #sendAny(): void {
    const random = this.#random;
    const { bytes, offset } = this.#arena;
    const tokens = random.once(24) ? [random.nextInt(256)] : [TOKEN];
    const of = { dialect: this.#dialect, tokens, sources: ALLOWED, destinations: PROGRAMS, nowUs: (this.#nowMs * 1_000) | 0 };
    const length = this.#datagrams.write(bytes, offset, of);
    const isSealed = this.#isTagged ? !random.once(12) : random.once(100);
    if (!isSealed) return this.#give(length);
    const { down } = tagKeys(REGISTRATION.secret, REGISTRATION.sessionId, this.#openingNonce, hmacSha256);
    this.#give(this.#arena.seal(length, down));
  }

  #give(length: number): void {
    const { ip, port } = this.#random.once(50) ? STRANGER : NODE;
    this.#length = length;
    this.#tunnel.handleNodeDatagram(0, this.#arena.offset, length, ip, port);
  }
}
