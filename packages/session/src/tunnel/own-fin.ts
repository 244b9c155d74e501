import { FLAG_FIN } from '@lightspeed/wire';
import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { NodeSender } from './node-sender.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** First pause before a FIN with a tag is repeated; it doubles each time. */
const FIRST_RETRY_MS = 250;
/** The same without a tag. The node answers such a one after a second, for which nobody waits: it only must arrive. */
const FIRST_UNTAGGED_RETRY_MS = 30;
/** A FIN that was sent so often without an answer has to do. */
const MAX_ATTEMPTS = 3;

/** What {@link OwnFin} takes of a tunnel. */
export interface OwnFinParts extends Pick<TunnelParts, 'clock' | 'links' | 'sending'> {
  readonly sender: NodeSender;
}

/** The FIN of a tunnel that closes, until it is answered or was sent often enough. */
export class OwnFin {
  readonly #parts: OwnFinParts;
  /** What its answer carries. */
  sequence: SequenceNumber = 0;
  #attempts = 0;
  #sentMs = 0;
  #retryMs = 0;

  constructor(parts: OwnFinParts) {
    this.#parts = parts;
  }

  /** Sends it for the first time. */
  begin(): void {
    this.sequence = this.#parts.sending.takeControlSequence();
    this.#attempts = 0;
    this.#send();
  }

  /** Sends it again if that is due. @returns milliseconds until then, or -1 if it was sent often enough. */
  advance(): Milliseconds {
    const leftMs = this.#retryMs - ((this.#parts.clock.nowMs - this.#sentMs) | 0);
    if (leftMs > 0) return leftMs;
    if (this.#attempts >= MAX_ATTEMPTS) return -1;
    this.#send();
    return this.#retryMs;
  }

  /** By every link that may work: it is the last thing that is said. */
  #send(): void {
    const { clock, links, sender, sending } = this.#parts;
    this.#sentMs = clock.nowMs;
    this.#retryMs = (sending.tags === null ? FIRST_UNTAGGED_RETRY_MS : FIRST_RETRY_MS) * 2 ** this.#attempts;
    this.#attempts++;
    // Nothing comes after the last one, and its answer not before long.
    if (sending.tags === null && this.#attempts === MAX_ATTEMPTS) this.#retryMs = 0;
    for (const link of links.all) {
      if (link === links.primary || link.isUp) sender.sendControl(link, FLAG_FIN, sending.token, this.sequence, clock.nowUs);
    }
  }
}
