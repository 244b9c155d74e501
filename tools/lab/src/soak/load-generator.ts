import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import {
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  VERSION_PLAIN,
  checkPacket,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSourceIp,
  readSourcePort,
  readToken,
  readVersion,
  writeHeader,
} from '@lightspeed/wire';
import { LoadFigure } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { LONGEST_LOAD_PAYLOAD_BYTES, isLoadPayload, readLoadClient, readLoadPacket, writeLoadPayload } from './load-payload.ts';

const RETRY_AFTER_MS = 1_000;
const GIVE_UP_AFTER_MS = 10_000;
/** So long after the last answer the rest will not come. */
const SILENCE_MS = 2_000;
/** Most packets of one turn: a generator that was held up catches up without flooding the node's buffer. */
const MOST_PER_TURN = 128;
const IDLE_TURN_MS = 20;
/** Of a socket's buffer per packet that may be unanswered: half of what the kernel takes for a small one. */
const BUFFER_BYTES_PER_PACKET = 2_048;

export const LOAD_RESERVE_BYTES = 4 * MOST_PER_TURN * (HEADER_BYTES + LONGEST_LOAD_PAYLOAD_BYTES);

/** What clients say their game's address is: 10.0.0.0 plus their number. */
const GAME_IP = 0x0a00_0000;
const GAME_PORT = 5_000;

type Phase = 'opening' | 'sending' | 'waiting' | 'done';

/**
 * Many clients of a node that speak the tunnel protocol themselves, without a tunnel's state machine: HANDSHAKE, then
 * data packets at a steady rate over all clients in turn, then a wait for the last answers. When the machine has no time
 * for the node, what is unanswered is kept below what the node's buffer holds: that loss would be nobody's fault.
 */
export class LoadGenerator implements DatagramHandler {
  readonly #engine: DatagramEngine;
  readonly #plan: LoadPlan;
  readonly #figures: Float64Array;
  readonly #sockets: readonly DatagramSocket[];
  readonly #shallStop: () => boolean;
  readonly #tokens: Uint8Array;
  readonly #askedMs: Int32Array;
  readonly #answered: Uint8Array;
  readonly #nodeIp: number;
  readonly #mostUnanswered: number;
  #phase: Phase = 'opening';
  #phaseStartMs = -1;
  #asked = 0;
  #reserveUsed = 0;
  #lastAnswerMs = 0;

  /** @param sockets one per client, in order, each with the client's number as its tag */
  constructor(engine: DatagramEngine, plan: LoadPlan, figures: Float64Array, sockets: readonly DatagramSocket[], shallStop: () => boolean) {
    this.#engine = engine;
    this.#plan = plan;
    this.#figures = figures;
    this.#sockets = sockets;
    this.#shallStop = shallStop;
    this.#tokens = new Uint8Array(plan.clients);
    this.#askedMs = new Int32Array(plan.clients);
    this.#answered = new Uint8Array(plan.clients * plan.packetsPerClient);
    this.#nodeIp = plan.node.ip | 0;
    // The node's sockets are under the same limits of the system as these.
    this.#mostUnanswered = Math.floor(sockets[0].receiveBufferBytes / BUFFER_BYTES_PER_PACKET);
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    for (let index = 0; index < count; index++) {
      const fromNode = ips[index] === this.#nodeIp && ports[index] === this.#plan.node.port;
      if (fromNode) this.#handle(socket.tag, offsets[index], lengths[index]);
      else this.#figures[LoadFigure.others]++;
    }
  }

  onSent(): void {
    this.#reserveUsed = 0;
  }

  onWake(): void {
    // Nobody wakes it: it has turns enough.
  }

  onTick(): number {
    const { counters, clockMs } = this.#engine;
    this.#figures[LoadFigure.datagramsSent] = counters.get('datagrams_sent');
    this.#figures[LoadFigure.kernelDrops] = counters.get('kernel_drops');
    if (this.#shallStop()) this.#engine.stop();
    if (this.#phaseStartMs < 0) this.#enter('opening');
    const elapsedMs = (clockMs - this.#phaseStartMs) | 0;
    if (this.#phase === 'opening') this.#open(elapsedMs);
    else if (this.#phase === 'sending') this.#send(elapsedMs);
    else if (this.#phase === 'waiting') this.#wait();
    return this.#phase === 'done' ? IDLE_TURN_MS : 1;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseStartMs = this.#engine.clockMs;
    this.#lastAnswerMs = this.#engine.clockMs;
    if (phase === 'done') this.#figures[LoadFigure.done] = 1;
  }

  #open(elapsedMs: number): void {
    const { clients, opensPerSecond } = this.#plan;
    if (this.#figures[LoadFigure.opened] === clients) return this.#enter('sending');
    if (elapsedMs > GIVE_UP_AFTER_MS + (clients * 1_000) / opensPerSecond) return this.#enter('done');
    const due = Math.min(clients, Math.ceil((elapsedMs * opensPerSecond) / 1_000), this.#asked + MOST_PER_TURN);
    for (; this.#asked < due; this.#asked++) this.#ask(this.#asked);
    let room = MOST_PER_TURN;
    for (let client = 0; client < this.#asked && room > 0; client++) {
      if (this.#tokens[client] !== 0 || ((this.#engine.clockMs - this.#askedMs[client]) | 0) < RETRY_AFTER_MS) continue;
      this.#figures[LoadFigure.retries]++;
      this.#ask(client);
      room--;
    }
  }

  #ask(client: number): void {
    const offset = this.#nextPlace(HEADER_BYTES);
    const { arena, clockUs } = this.#engine;
    writeHeader(arena.bytes, offset, VERSION_PLAIN, FLAG_HANDSHAKE, 0, 0, clockUs, 0, 0, 0, 0);
    this.#askedMs[client] = this.#engine.clockMs;
    this.#toNode(client, offset, HEADER_BYTES);
  }

  #send(elapsedMs: number): void {
    const { clients, packetsPerClient, packetsPerSecondPerClient } = this.#plan;
    const all = clients * packetsPerClient;
    const sent = this.#figures[LoadFigure.sent];
    if (sent === all) return this.#enter('waiting');
    const answered = this.#figures[LoadFigure.answered];
    const onTime = Math.min(all, Math.ceil((elapsedMs * clients * packetsPerSecondPerClient) / 1_000));
    const due = Math.min(onTime, sent + MOST_PER_TURN, answered + this.#mostUnanswered);
    if (due < onTime) this.#figures[LoadFigure.heldBack]++;
    for (let number = sent; number < due; number++) this.#sendData(number % clients, Math.floor(number / clients));
    this.#figures[LoadFigure.sent] = Math.max(sent, due);
    // Unanswered, all of them lost: there will be no room to send the rest.
    if (due <= sent && due < onTime && this.#isSilent()) this.#enter('waiting');
  }

  #sendData(client: number, packet: number): void {
    const { arena, clockUs } = this.#engine;
    const offset = this.#nextPlace(HEADER_BYTES + LONGEST_LOAD_PAYLOAD_BYTES);
    const server = this.#plan.servers[client % this.#plan.servers.length];
    writeHeader(
      arena.bytes,
      offset,
      VERSION_PLAIN,
      0,
      this.#tokens[client],
      (packet + 1) & 0xffff,
      clockUs,
      GAME_IP + client,
      GAME_PORT,
      server.ip,
      server.port,
    );
    const payloadBytes = writeLoadPayload(arena.bytes, offset + HEADER_BYTES, client, packet);
    this.#toNode(client, offset, HEADER_BYTES + payloadBytes);
  }

  #wait(): void {
    const complete = this.#figures[LoadFigure.answered] === this.#figures[LoadFigure.sent];
    if (complete || this.#isSilent()) this.#enter('done');
  }

  #isSilent(): boolean {
    return ((this.#engine.clockMs - this.#lastAnswerMs) | 0) > SILENCE_MS;
  }

  #handle(client: number, offset: number, length: number): void {
    const { bytes } = this.#engine.arena;
    if (checkPacket(bytes, offset, length, 'standard') !== 0) this.#figures[LoadFigure.corrupted]++;
    else if (readFlags(bytes, offset) === 0) this.#handleAnswer(client, offset, length);
    else if (readFlags(bytes, offset) === FLAG_HANDSHAKE) this.#handleAcknowledgement(client, offset);
    else this.#figures[LoadFigure.others]++;
  }

  #handleAcknowledgement(client: number, offset: number): void {
    if (this.#tokens[client] !== 0) return;
    this.#tokens[client] = readToken(this.#engine.arena.bytes, offset);
    if (this.#tokens[client] !== 0) this.#figures[LoadFigure.opened]++;
  }

  #handleAnswer(client: number, offset: number, length: number): void {
    const { bytes } = this.#engine.arena;
    const figures = this.#figures;
    const payload = offset + HEADER_BYTES;
    const valid = this.#isAnswerHeader(client, offset) && isLoadPayload(bytes, payload, length - HEADER_BYTES);
    if (length >= HEADER_BYTES + 8 && readLoadClient(bytes, payload) !== client) figures[LoadFigure.misdelivered]++;
    else if (!valid || readLoadPacket(bytes, payload) >= this.#plan.packetsPerClient) figures[LoadFigure.corrupted]++;
    else this.#note(client * this.#plan.packetsPerClient + readLoadPacket(bytes, payload));
  }

  #note(number: number): void {
    this.#lastAnswerMs = this.#engine.clockMs;
    if (this.#answered[number] !== 0) {
      this.#figures[LoadFigure.duplicates]++;
      return;
    }
    this.#answered[number] = 1;
    this.#figures[LoadFigure.answered]++;
  }

  /** An answer names its true source, and goes to the address that the client's packets named. */
  #isAnswerHeader(client: number, offset: number): boolean {
    const { bytes } = this.#engine.arena;
    const server = this.#plan.servers[client % this.#plan.servers.length];
    return (
      readVersion(bytes, offset) === VERSION_PLAIN &&
      readToken(bytes, offset) === this.#tokens[client] &&
      readSourceIp(bytes, offset) === (server.ip | 0) &&
      readSourcePort(bytes, offset) === server.port &&
      readDestinationIp(bytes, offset) === GAME_IP + client &&
      readDestinationPort(bytes, offset) === GAME_PORT
    );
  }

  /** Bytes of the reserve that are free until everything queued is sent. */
  #nextPlace(lengthBytes: number): number {
    if (this.#reserveUsed + lengthBytes > LOAD_RESERVE_BYTES) {
      this.#engine.flush();
      this.#reserveUsed = 0;
    }
    const place = this.#engine.arena.reserve.start + this.#reserveUsed;
    this.#reserveUsed += lengthBytes;
    return place;
  }

  #toNode(client: number, offset: number, lengthBytes: number): void {
    this.#engine.send(this.#sockets[client], offset, lengthBytes, this.#nodeIp, this.#plan.node.port);
  }
}
