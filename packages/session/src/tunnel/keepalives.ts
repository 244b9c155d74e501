import type { Milliseconds } from '@lightspeed/wire';
import type { NodeSender } from './node-sender.ts';
import type { PathLink } from './path-link.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link Keepalives} takes of a tunnel. */
export interface KeepalivesParts extends Pick<TunnelParts, 'clock' | 'options'> {
  readonly sender: NodeSender;
}

/** What {@link Keepalives.tend} returns for a link that counts as lost. */
export const LINK_LOST = -1;

/**
 * Sends keepalives by links (docs/protocol.md, Keepalive). One that is not answered in time is missed, and the next one goes
 * out at once. So a node that is gone is noticed soon after the first miss.
 */
export class Keepalives {
  readonly #parts: KeepalivesParts;

  constructor(parts: KeepalivesParts) {
    this.#parts = parts;
  }

  /** Sends one now by a link that works, unless one is under way: misses are counted as ever. */
  measure(link: PathLink): void {
    if (link.isUp && !link.probes.pending) this.#parts.sender.sendProbe(link);
  }

  /** Sends what is due by a link. @returns milliseconds until there is something again, or `LINK_LOST`. */
  tend(link: PathLink): Milliseconds | typeof LINK_LOST {
    const { clock, options, sender } = this.#parts;
    const { nowMs } = clock;
    const { keepaliveMs, maxKeepaliveMisses, steadyKeepalives } = options;
    const { probes } = link;
    const eager = link.isUp && !steadyKeepalives;
    const pauseMs = () => (eager && probes.pending ? link.answerMs(keepaliveMs) : keepaliveMs);
    let left = pauseMs() - ((nowMs - link.probedMs) | 0);
    if (left <= 0) {
      probes.expire();
      sender.sendProbe(link);
      left = pauseMs();
    }
    if (link.isUp && probes.misses >= maxKeepaliveMisses) {
      left = Math.min(left, link.msUntilLost(nowMs, keepaliveMs));
      if (left <= 0) return LINK_LOST;
    }
    return Math.max(left, 0);
  }
}
