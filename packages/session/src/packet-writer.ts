import type { FecMemory } from '@lightspeed/fec';
import { ADD_FULL, FecEncoder } from '@lightspeed/fec';
import type { Dialect } from '@lightspeed/wire';
import {
  MAX_FEC_PAYLOAD_BYTES,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  fecHeaderBytes,
  writeFecExtension,
  writeHeader,
} from '@lightspeed/wire';
import type { BlockReturns } from './block-returns.ts';

/** A group that waits this long after its first packet is closed with the packets that it has. */
const PARTIAL_GROUP_AFTER_MS = 100;
/** A group may open right after the timer was set: while any flow uses FEC, the timer runs at least this often. */
const LOOK_AGAIN_MS = 25;
/** Receivers drop an unfinished group after 500 ms: where partial groups are not understood, such a one is given up. */
const ABANDON_GROUP_AFTER_MS = 500;

/** The sending half of one session and direction: token and counters (docs/protocol.md, Header, FEC). */
export class SendState {
  readonly dialect: Dialect;
  token: number;
  /** The next packet's sequence number: one counter for data, parity and control packets. */
  sequence = 0;
  /** The next FEC group's id: one counter for all flows. */
  groupId = 0;

  constructor(dialect: Dialect, token: number) {
    this.dialect = dialect;
    this.token = token;
  }

  /** Takes the next sequence number. */
  takeSequence(): number {
    const sequence = this.sequence;
    this.sequence = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** Takes the next group's id. */
  takeGroupId(): number {
    const id = this.groupId;
    this.groupId = (id + 1) & 0xffff;
    return id;
  }
}

/** The sending half of one flow: the addresses that its packets carry, and its FEC if it uses any. */
export class SendFlow<Stream extends SendState = SendState> {
  readonly stream: Stream;
  readonly sourceIp: number;
  readonly sourcePort: number;
  readonly destinationIp: number;
  readonly destinationPort: number;
  fec: FlowFec | null = null;

  constructor(stream: Stream, sourceIp: number, sourcePort: number, destinationIp: number, destinationPort: number) {
    this.stream = stream;
    this.sourceIp = sourceIp;
    this.sourcePort = sourcePort;
    this.destinationIp = destinationIp;
    this.destinationPort = destinationPort;
  }

  /** Packets per FEC group, 0 without FEC. */
  get groupSize(): number {
    return this.fec === null ? 0 : this.fec.encoder.size;
  }
}

/** FEC of one flow. An object of its own, since most flows use none, and there may be very many of them (ADR 22). */
class FlowFec {
  readonly flow: SendFlow;
  readonly encoder: FecEncoder;
  /** When the open group got its first packet; it is then linked into the writer's list of open groups. */
  openSinceMs = 0;
  isOpen = false;
  previousOpen: FlowFec | null = null;
  nextOpen: FlowFec | null = null;

  constructor(flow: SendFlow, encoder: FecEncoder) {
    this.flow = flow;
    this.encoder = encoder;
  }
}

/** Where finished packets go. */
export interface PacketSink {
  /**
   * Sends `length` bytes at `offset` of the shared memory towards the flow's peer. The bytes stay as they are until the
   * driver has said that they are sent.
   * @returns false if it was refused (and counted).
   */
  sendPacket(flow: SendFlow, offset: number, length: number, isParity: boolean): boolean;
}

/**
 * Wraps payloads: header in front of them, in place, and parity behind each full group. Shared by both ends.
 *
 * ```
 *   [ headroom ..... | header 20/24/26 | payload ]    the payload stays where the kernel put it
 *                    ^ offset sent
 *   open groups, oldest first:  fec <-> fec <-> fec   closed by closeDueGroups() when they get too old
 * ```
 */
export class PacketWriter {
  readonly #bytes: Uint8Array;
  readonly #memory: FecMemory;
  readonly #returns: BlockReturns;
  readonly #sink: PacketSink;
  #oldestOpen: FlowFec | null = null;
  #newestOpen: FlowFec | null = null;
  /** How many flows use FEC. */
  #encoders = 0;
  /** Packets that went out as version 2 data. */
  dataProtected = 0;
  /** Parity packets that went out, partial groups' included. */
  parityGenerated = 0;
  /** Packets of an FEC flow that went out without protection: too long for parity, or no block was free. */
  unprotected = 0;

  constructor(memory: FecMemory, returns: BlockReturns, sink: PacketSink) {
    this.#bytes = memory.bytes;
    this.#memory = memory;
    this.#returns = returns;
    this.#sink = sink;
  }

  /**
   * Sets the group size of a flow; 0 ends FEC for it. An open group of another size is closed first.
   * @param groupSize 0, or 1 to 32.
   */
  setGroupSize(flow: SendFlow, groupSize: number, nowUs: number): void {
    if (flow.groupSize === groupSize) return;
    const { stream, fec } = flow;
    if (fec?.isOpen === true) this.#closeGroup(fec, nowUs);
    if (fec !== null) this.#encoders--;
    flow.fec = null;
    if (groupSize === 0) return;
    const encoder = new FecEncoder(groupSize, { memory: this.#memory, nextGroupId: () => stream.takeGroupId() });
    flow.fec = new FlowFec(flow, encoder);
    this.#encoders++;
  }

  /**
   * Wraps and sends the payload of `length` bytes at `offset`, with at least 128 bytes of headroom in front of it.
   * @param nowMs wrapping int32 clock in milliseconds, `nowUs` the same in microseconds.
   * @returns false if the packet was refused by the sink.
   */
  send(flow: SendFlow, offset: number, length: number, nowMs: number, nowUs: number): boolean {
    const { fec, stream } = flow;
    if (fec === null) return this.#sendPlain(flow, offset, length, nowUs);
    const { encoder } = fec;
    if (length > MAX_FEC_PAYLOAD_BYTES || !encoder.begin()) {
      this.unprotected++;
      return this.#sendPlain(flow, offset, length, nowUs);
    }
    if (!fec.isOpen) this.#open(fec, nowMs);
    const start = offset - fecHeaderBytes(stream.dialect);
    this.#writeHeader(flow, start, VERSION_FEC, nowUs);
    writeFecExtension(this.#bytes, start, stream.dialect, encoder.groupId, encoder.index, encoder.size);
    const full = encoder.add(offset, length) === ADD_FULL;
    this.dataProtected++;
    const sent = this.#sink.sendPacket(flow, start, offset + length - start, false);
    if (full) {
      this.#unlink(fec);
      this.#sendParity(flow, encoder, nowUs);
    }
    return sent;
  }

  /** Closes every group that has waited too long for its next packet. */
  closeDueGroups(nowMs: number, nowUs: number): void {
    let fec = this.#oldestOpen;
    while (fec !== null && ((nowMs - fec.openSinceMs) | 0) >= PARTIAL_GROUP_AFTER_MS) {
      const next = fec.nextOpen;
      if (fec.flow.stream.dialect === 'standard' || ((nowMs - fec.openSinceMs) | 0) >= ABANDON_GROUP_AFTER_MS) {
        this.#closeGroup(fec, nowUs);
      }
      fec = next;
    }
  }

  /** Milliseconds until {@link closeDueGroups} may have something to do, or `atMost`. */
  msUntilDue(nowMs: number, atMost: number): number {
    if (this.#encoders === 0) return atMost;
    const oldest = this.#oldestOpen;
    const left = oldest === null ? LOOK_AGAIN_MS : PARTIAL_GROUP_AFTER_MS - ((nowMs - oldest.openSinceMs) | 0);
    // A `reference` group may be overdue and still wait to be given up: look again in a while, don't spin.
    return Math.min(atMost, LOOK_AGAIN_MS, left > 0 ? left : LOOK_AGAIN_MS);
  }

  /** Lets go of a flow that ends: its open group is given up, its block goes back. */
  forget(flow: SendFlow): void {
    const { fec } = flow;
    if (fec === null) return;
    if (fec.isOpen) this.#unlink(fec);
    fec.encoder.abandon();
    flow.fec = null;
    this.#encoders--;
  }

  #sendPlain(flow: SendFlow, offset: number, length: number, nowUs: number): boolean {
    const start = offset - HEADER_BYTES;
    this.#writeHeader(flow, start, VERSION_PLAIN, nowUs);
    return this.#sink.sendPacket(flow, start, HEADER_BYTES + length, false);
  }

  #closeGroup(fec: FlowFec, nowUs: number): void {
    const { flow, encoder } = fec;
    this.#unlink(fec);
    if (flow.stream.dialect === 'reference') encoder.abandon();
    else if (encoder.closePartial()) this.#sendParity(flow, encoder, nowUs);
  }

  /** Sends the parity that the encoder has just finished, from the block in which it was made. */
  #sendParity(flow: SendFlow, encoder: FecEncoder, nowUs: number): void {
    const { dialect } = flow.stream;
    const start = encoder.parityOffset - fecHeaderBytes(dialect);
    this.#writeHeader(flow, start, VERSION_FEC, nowUs);
    writeFecExtension(this.#bytes, start, dialect, encoder.parityGroupId, encoder.paritySize, encoder.paritySize);
    this.#sink.sendPacket(flow, start, encoder.parityOffset + encoder.parityLength - start, true);
    this.#returns.afterSend(encoder.parityOffset);
    this.parityGenerated++;
  }

  #writeHeader(flow: SendFlow, start: number, version: number, nowUs: number): void {
    const { stream } = flow;
    writeHeader(
      this.#bytes,
      start,
      version,
      0,
      stream.token,
      stream.takeSequence(),
      nowUs,
      flow.sourceIp,
      flow.sourcePort,
      flow.destinationIp,
      flow.destinationPort,
    );
  }

  #open(fec: FlowFec, nowMs: number): void {
    fec.isOpen = true;
    fec.openSinceMs = nowMs;
    fec.previousOpen = this.#newestOpen;
    fec.nextOpen = null;
    if (this.#newestOpen === null) this.#oldestOpen = fec;
    else this.#newestOpen.nextOpen = fec;
    this.#newestOpen = fec;
  }

  #unlink(fec: FlowFec): void {
    if (fec.previousOpen === null) this.#oldestOpen = fec.nextOpen;
    else fec.previousOpen.nextOpen = fec.nextOpen;
    if (fec.nextOpen === null) this.#newestOpen = fec.previousOpen;
    else fec.nextOpen.previousOpen = fec.previousOpen;
    fec.isOpen = false;
    fec.previousOpen = null;
    fec.nextOpen = null;
  }
}
