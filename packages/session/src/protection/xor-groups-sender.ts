import type { FecMemory } from '@lightspeed/fec';
import { ADD_FULL, GroupEncoder } from '@lightspeed/fec';
import { MAX_FEC_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES, VERSION_FEC, fecHeaderBytes, writeFecExtension } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds } from '@lightspeed/wire';
import type { BlockReturns } from './block-returns.ts';
import type { SendFlow } from './send-flow.ts';
import type { PacketWrapper } from './packet-wrapper.ts';
import type { FlowProtection, ProtectionTimer } from './protection.ts';

/** A group that waits this long after its first packet is closed with the packets that it has. */
const PARTIAL_GROUP_AFTER_MS = 100;
/** A group may open right after the timer was set: while any flow uses FEC, the timer runs at least this often. */
const LOOK_AGAIN_MS = 25;
/** Receivers drop an unfinished group after 500 ms: where partial groups are not understood, such a one is given up. */
const ABANDON_GROUP_AFTER_MS = 500;

/**
 * Protects flows by XOR groups: parity behind each full group (docs/protocol.md, FEC).
 *
 * ```
 *   open groups, oldest first:  flow <-> flow <-> flow   closed by advance() when they get too old
 * ```
 */
export class XorGroupsSender implements ProtectionTimer {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  readonly wrapper: PacketWrapper;
  #oldestOpen: XorGroups | null = null;
  #newestOpen: XorGroups | null = null;
  /** How many flows it protects. */
  #flows = 0;
  /** Packets that went out as version 2 data. */
  dataProtected = 0;
  /** Parity packets that went out, partial groups' included. */
  parityGenerated = 0;
  /** Packets of a protected flow that went out without protection: too long for parity, or no block was free. */
  unprotected = 0;

  constructor(memory: FecMemory, returns: BlockReturns, wrapper: PacketWrapper) {
    this.memory = memory;
    this.returns = returns;
    this.wrapper = wrapper;
  }

  /** @param groupSize 1 to 32. */
  protect(flow: SendFlow, groupSize: number): FlowProtection {
    this.#flows++;
    return new XorGroups(this, flow, groupSize);
  }

  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    let group = this.#oldestOpen;
    while (group !== null && ((nowMs - group.openSinceMs) | 0) >= PARTIAL_GROUP_AFTER_MS) {
      const next = group.nextOpen;
      if (group.flow.sending.dialect === 'standard' || ((nowMs - group.openSinceMs) | 0) >= ABANDON_GROUP_AFTER_MS) {
        group.closeOpen(nowUs);
      }
      group = next;
    }
  }

  msUntilDue(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    if (this.#flows === 0) return atMost;
    const oldest = this.#oldestOpen;
    const left = oldest === null ? LOOK_AGAIN_MS : PARTIAL_GROUP_AFTER_MS - ((nowMs - oldest.openSinceMs) | 0);
    // A `reference` group may be overdue and still wait to be given up: look again in a while, don't spin.
    return Math.min(atMost, LOOK_AGAIN_MS, left > 0 ? left : LOOK_AGAIN_MS);
  }

  /** A flow is protected no more. */
  ended(): void {
    this.#flows--;
  }

  link(group: XorGroups, nowMs: Milliseconds): void {
    group.isOpen = true;
    group.openSinceMs = nowMs;
    group.previousOpen = this.#newestOpen;
    group.nextOpen = null;
    if (this.#newestOpen === null) this.#oldestOpen = group;
    else this.#newestOpen.nextOpen = group;
    this.#newestOpen = group;
  }

  unlink(group: XorGroups): void {
    if (group.previousOpen === null) this.#oldestOpen = group.nextOpen;
    else group.previousOpen.nextOpen = group.nextOpen;
    if (group.nextOpen === null) this.#newestOpen = group.previousOpen;
    else group.nextOpen.previousOpen = group.previousOpen;
    group.isOpen = false;
    group.previousOpen = null;
    group.nextOpen = null;
  }
}

/** The groups of one flow. An object of its own, since most flows use none, and there may be very many of them (ADR 22). */
class XorGroups implements FlowProtection {
  readonly #sender: XorGroupsSender;
  readonly #encoder: GroupEncoder;
  readonly flow: SendFlow;
  /** When the open group got its first packet; it is then linked into the sender's list of open groups. */
  openSinceMs = 0;
  isOpen = false;
  previousOpen: XorGroups | null = null;
  nextOpen: XorGroups | null = null;

  constructor(sender: XorGroupsSender, flow: SendFlow, groupSize: number) {
    const { sending } = flow;
    this.#sender = sender;
    this.flow = flow;
    this.#encoder = new GroupEncoder(groupSize, { memory: sender.memory, owner: sending.owner, nextGroupId: () => sending.takeGroupId() });
  }

  get groupSize(): number {
    return this.#encoder.size;
  }

  send(offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds, nowUs: Microseconds): boolean {
    const sender = this.#sender;
    const encoder = this.#encoder;
    const { flow } = this;
    const { wrapper } = sender;
    if (length > maxProtectedBytes(flow) || !encoder.begin()) {
      sender.unprotected++;
      return wrapper.sendPlain(flow, offset, length, nowUs);
    }
    if (!this.isOpen) sender.link(this, nowMs);
    const { dialect } = flow.sending;
    const start = offset - fecHeaderBytes(dialect);
    wrapper.writeHeader(flow, start, VERSION_FEC, nowUs);
    writeFecExtension(wrapper.bytes, start, dialect, encoder.groupId, encoder.index, encoder.size);
    const full = encoder.add(offset, length) === ADD_FULL;
    sender.dataProtected++;
    const sent = wrapper.sink.sendPacket(flow, start, offset + length - start, false);
    if (full) {
      sender.unlink(this);
      this.#sendParity(nowUs);
    }
    return sent;
  }

  /** Closes the open group with the packets that it has; where the peer does not understand that, gives it up. */
  closeOpen(nowUs: Microseconds): void {
    this.#sender.unlink(this);
    if (this.flow.sending.dialect === 'reference') this.#encoder.abandon();
    else if (this.#encoder.closePartial()) this.#sendParity(nowUs);
  }

  finish(nowUs: Microseconds): void {
    if (this.isOpen) this.closeOpen(nowUs);
    this.#sender.ended();
  }

  abandon(): void {
    if (this.isOpen) this.#sender.unlink(this);
    this.#encoder.abandon();
    this.#sender.ended();
  }

  /** Sends the parity that the encoder has just finished, from the block in which it was made. */
  #sendParity(nowUs: Microseconds): void {
    const { returns, wrapper } = this.#sender;
    const encoder = this.#encoder;
    const { flow } = this;
    const { dialect } = flow.sending;
    const start = encoder.parityOffset - fecHeaderBytes(dialect);
    wrapper.writeHeader(flow, start, VERSION_FEC, nowUs);
    writeFecExtension(wrapper.bytes, start, dialect, encoder.parityGroupId, encoder.paritySize, encoder.paritySize);
    wrapper.sink.sendPacket(flow, start, encoder.parityOffset + encoder.parityLength - start, true);
    returns.afterSend(encoder.parityOffset);
    this.#sender.parityGenerated++;
  }
}

/** The XOR of deployed peers of dialect `reference` ends at 1,400 bytes. What they would make of longer parity is not known. */
function maxProtectedBytes({ sending }: SendFlow): ByteLength {
  return sending.dialect === 'reference' ? SAFE_PAYLOAD_BYTES : MAX_FEC_PAYLOAD_BYTES - sending.tagBytes;
}
