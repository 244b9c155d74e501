import { LocalFlow } from '@lightspeed/session';
import type { DatagramEngine, DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, Milliseconds, Port } from '@lightspeed/wire';
import type { AskedFlow } from './asked-flow.ts';
import type { LocalCounters } from './local-counters.ts';
import type { ServerAddresses } from './server-addresses.ts';

/*
 * What brings the datagrams of games into a client, in its data-plane thread. Each form is one class: a port that stands for
 * one game server, an association of a SOCKS5 client. What they have in common is small: they say which flow a datagram
 * belongs to, and deliver the answers to it.
 */

/**
 * A game server that has said nothing to a program for so long is tried at another of its addresses. It is longer than any round
 * trip, and less than games wait.
 */
const GIVE_UP_MS = 3_000;
/** But only if the program has sent so many datagrams meanwhile. */
const GIVE_UP_DATAGRAMS = 3;
/** Where all addresses are silent, each round takes twice as long as the one before, so often: a server may be slow. */
const MAX_DOUBLINGS = 3;

/** A flow with the way that it takes. */
export class Flow extends LocalFlow {
  /** The ingress that counts it among its own. */
  openedBy = 0;
  /** By which way its datagrams go (way/way-policy.ts): decided once, when it opens. */
  way = 0;
  /** What the main thread was told of it, if it was. */
  asked: AskedFlow | null = null;
  /** The addresses of which it has one; null if its program has named an address. */
  servers: ServerAddresses | null = null;
  /** Whether the game server has answered: then its address is kept for as long as the flow lives. */
  isAnswered = false;
  /** How many addresses were given up for its program before. */
  attempts = 0;
  #unanswered = 0;
  #firstSentMs = 0;
  /** The direct way's socket for it, once there is one. */
  directSocket: DatagramSocket | null = null;

  /**
   * Its program sends again, and has no answer yet.
   * @returns whether it is time to try another address. What a node did not carry could not be answered.
   */
  isGivenUp(nowMs: Milliseconds, addresses: number): boolean {
    if (this.carried === null && this.directSocket === null) return false;
    if (this.#unanswered++ === 0) this.#firstSentMs = nowMs;
    const round = Math.min(MAX_DOUBLINGS, Math.floor(this.attempts / addresses));
    return this.#unanswered >= GIVE_UP_DATAGRAMS && ((nowMs - this.#firstSentMs) | 0) >= GIVE_UP_MS * 2 ** round;
  }
}

/** Takes the datagrams of its sockets. */
export interface DatagramReceiver {
  /** `count` datagrams of one of its sockets lie in `engine.received`. */
  onDatagrams(socket: DatagramSocket, count: number): void;
}

/** One ingress. Its host has given it a number, which its flows carry. */
export interface Ingress extends DatagramReceiver {
  /** Most flows that it may have open. */
  readonly maxFlows: number;
  /** Carries a datagram of a flow by the direct way, where that is not by a socket of this client's own. */
  carryDirect?(flow: Flow, offset: ArenaOffset, length: ByteLength): void;
  /** A flow's way is known now: carries a datagram that has waited for it, if that takes more than `IngressHost.carry`. */
  resume?(flow: Flow, offset: ArenaOffset, length: ByteLength): void;
  /** A flow that it has opened is closed. */
  flowClosed?(flow: Flow): void;
  /** An answer of the flow's game server for its program: bytes in the engine's arena. Those before them may be another answer's. */
  deliver(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void;
}

/** What an ingress needs of the data plane. IPv4 addresses are int32 bit patterns. */
export interface IngressHost {
  readonly engine: DatagramEngine;
  readonly counters: LocalCounters;
  /**
   * The flow of a program and a game server by an ingress; opened, and given a way, if there is none.
   * @returns null, counted, if there are as many flows as there may be, of this ingress or in all.
   */
  flowFor(ingress: number, sourceIp: AddressHandle, sourcePort: Port, serverIp: AddressHandle, serverPort: Port): Flow | null;
  /**
   * The same for a game server of which several addresses may be known. A flow keeps the one that it was opened with, unless the
   * server stays silent there. Then its program gets another flow, to the next address.
   */
  flowByName(ingress: number, sourceIp: AddressHandle, sourcePort: Port, servers: ServerAddresses, serverPort: Port): Flow | null;
  /** Carries a datagram of the flow's program to its game server. The bytes before `offset` may be written to. */
  carry(flow: Flow, offset: ArenaOffset, length: ByteLength): void;
  /** A number for a new ingress. */
  addIngress(ingress: Ingress): number;
  /** An ingress is gone: its flows are closed. */
  removeIngress(number: number): void;
  /** A tag for sockets whose datagrams a receiver takes. */
  tagFor(receiver: DatagramReceiver): number;
}
