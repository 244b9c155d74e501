import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { PathLink } from './path-link.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** A FIN of the node counts when proofs have had no answer for so long: two go out in that time. */
const FIN_DOUBT_MS = 700;

/** A FIN of the node, and the link by which it came. */
export interface NodeFin {
  readonly link: PathLink;
  readonly sequence: SequenceNumber;
}

/** A FIN that anybody may have sent in the node's name, while proofs ask whether it is true (docs/protocol.md, Closing). */
export class DoubtedFin {
  readonly #parts: Pick<TunnelParts, 'clock' | 'sending'>;
  #fin: NodeFin | null = null;
  #sinceMs: Milliseconds = 0;

  constructor(parts: Pick<TunnelParts, 'clock' | 'sending'>) {
    this.#parts = parts;
  }

  /** Begins to doubt. @returns false if one is in doubt already. */
  begin(fin: NodeFin): boolean {
    if (this.#fin !== null) return false;
    this.#fin = fin;
    this.#sinceMs = this.#parts.clock.nowMs;
    return true;
  }

  /** The node has answered, or the session is over. */
  end(): void {
    this.#fin = null;
  }

  /** The FIN, if nothing has answered the proofs for long enough. A node that tags its packets tags its FIN too. */
  due(): NodeFin | null {
    const { clock, sending } = this.#parts;
    if (sending.tags?.hasCome === true) this.#fin = null;
    return this.#fin !== null && ((clock.nowMs - this.#sinceMs) | 0) >= FIN_DOUBT_MS ? this.#fin : null;
  }
}
