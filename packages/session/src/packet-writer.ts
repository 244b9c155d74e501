import type { FecMemory } from '@lightspeed/fec';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds } from '@lightspeed/wire';
import type { Clock } from './base/clock.ts';
import type { AgreedProtection } from './protection/agreed/agreed-protection.ts';
import type { BlockReturns } from './protection/block-returns.ts';
import { PacketWrapper } from './protection/packet-wrapper.ts';
import type { PacketSink } from './protection/packet-wrapper.ts';
import { RepeatsSender } from './protection/repeats/repeats-sender.ts';
import { XorGroupsSender } from './protection/xor-groups-sender.ts';
import type { SendFlow } from './protection/send-flow.ts';

/**
 * Wraps payloads: a header in front of them, in place, and whatever protects their flow from loss. Shared by both ends.
 *
 * ```
 *   [ headroom ..... | header 20/24/26 | payload ]    the payload stays where the kernel put it
 *                    ^ offset sent
 * ```
 */
export class PacketWriter {
  readonly #wrapper: PacketWrapper;
  readonly #groups: XorGroupsSender;
  /** What sessions share whose ends have agreed on protection. */
  readonly repeats: RepeatsSender;

  constructor(memory: FecMemory, returns: BlockReturns, sink: PacketSink, clock: Clock) {
    this.#wrapper = new PacketWrapper(memory.bytes, sink);
    this.#groups = new XorGroupsSender(memory, returns, this.#wrapper);
    this.repeats = new RepeatsSender(memory, returns, this.#wrapper, clock);
  }

  /** Packets that went out as version 2 data. */
  get dataProtected(): number {
    return this.#groups.dataProtected;
  }

  /** Parity packets that went out, partial groups' included. */
  get parityGenerated(): number {
    return this.#groups.parityGenerated;
  }

  /** Packets of a protected flow that went out without protection: too long for parity, or no block was free. */
  get unprotected(): number {
    return this.#groups.unprotected;
  }

  /**
   * Sets the group size of a flow; 0 ends its protection. An open group of another size is closed first.
   * @param groupSize 0, or 1 to 32.
   */
  setGroupSize(flow: SendFlow, groupSize: number, nowUs: Microseconds): void {
    if (flow.groupSize === groupSize) return;
    flow.protection?.finish(nowUs);
    flow.protection = groupSize === 0 ? null : this.#groups.protect(flow, groupSize);
  }

  /** Protects a flow from now on as the ends of its session have agreed. */
  protect(flow: SendFlow, agreed: AgreedProtection): void {
    flow.protection?.abandon();
    flow.protection = agreed.protect(flow);
  }

  /**
   * Wraps and sends the payload of `length` bytes at `offset`, with at least 128 bytes of headroom in front of it.
   * @param nowMs wrapping int32 clock in milliseconds, `nowUs` the same in microseconds.
   * @returns false if the packet was refused by the sink.
   */
  send(flow: SendFlow, offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds, nowUs: Microseconds): boolean {
    const { protection } = flow;
    if (protection === null) return this.#wrapper.sendPlain(flow, offset, length, nowUs);
    return protection.send(offset, length, nowMs, nowUs);
  }

  /** Sends what protects payloads and must not wait any longer. */
  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.#groups.advance(nowMs, nowUs);
    this.repeats.advance(nowMs, nowUs);
  }

  /** Milliseconds until {@link advance} may have something to do, or `atMost`. */
  msUntilDue(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    return this.repeats.msUntilDue(nowMs, this.#groups.msUntilDue(nowMs, atMost));
  }

  /** Lets go of a flow that ends: what is open is given up, its memory goes back. */
  forget(flow: SendFlow): void {
    flow.protection?.abandon();
    flow.protection = null;
  }
}
