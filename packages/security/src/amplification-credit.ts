/** Bytes to an address that has not shown that it receives, per byte that came from it (RFC 9000, 8.1). */
export const UNVALIDATED_RATIO = 3;

/** What an IPv4 datagram weighs besides its payload: IP and UDP headers. */
const IPV4_OVERHEAD_BYTES = 28;
const IPV6_OVERHEAD_BYTES = 48;
/** A payload over this many bytes may travel in fragments, each with headers of its own. */
const FRAGMENT_BYTES = 1_400;
/** Keeps the credit a small integer. */
const MAX_CREDIT_BYTES = 0x3fff_ffff;

/**
 * Keeps the node from multiplying traffic towards an address that may be forged (docs/protocol.md, Limits). What goes to the
 * address stays within a ratio of what came from it. Both are counted as on the wire, with IP and UDP headers. What comes counts
 * as if it were whole, what goes as if it were fragmented: either depends on the way.
 *
 * Both directions are the client's: what the node exchanges with game servers does not enter.
 */
export class AmplificationCredit {
  readonly #isIpv6: boolean;
  #ratio: number;
  #credit = 0;

  /** @param ratio bytes out per byte in, or 0 for an address that is known to receive. */
  constructor(isIpv6: boolean, ratio: number) {
    this.#isIpv6 = isIpv6;
    this.#ratio = ratio;
  }

  /** Goes on with another ratio; 0 ends the limit. What is left of the credit stays. */
  setRatio(ratio: number): void {
    this.#ratio = ratio;
  }

  /** A datagram with so many bytes of payload came from the address. */
  received(bytes: number): void {
    if (this.#ratio === 0) return;
    this.#credit = Math.min(MAX_CREDIT_BYTES, this.#credit + Math.floor(this.#ratio * (bytes + this.#overheadBytes)));
  }

  /**
   * Asks whether a datagram with so many bytes of payload may go to the address, and counts it as sent if so.
   * @returns false for a refusal, which the caller counts as `DropReason.amplification`.
   */
  allowSend(bytes: number): boolean {
    if (this.#ratio === 0) return true;
    const fragments = 1 + Math.floor(bytes / FRAGMENT_BYTES);
    const left = this.#credit - (bytes + fragments * this.#overheadBytes);
    if (left < 0) return false;
    this.#credit = left;
    return true;
  }

  get #overheadBytes(): number {
    return this.#isIpv6 ? IPV6_OVERHEAD_BYTES : IPV4_OVERHEAD_BYTES;
  }
}
