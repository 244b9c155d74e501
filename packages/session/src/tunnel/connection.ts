import { DropReason, FLAG_FIN, FLAG_HANDSHAKE, FLAG_KEEPALIVE } from '@lightspeed/wire';
import { RttEstimator } from '../rtt-estimator.ts';
import { KeepaliveProbes } from './keepalive-probes.ts';
import { TunnelCounter } from './tunnel-counters.ts';
import type { TunnelState } from './tunnel-state.ts';

/** First pause before a HANDSHAKE or FIN is repeated; it doubles each time. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 4_000;
/** A FIN that was sent so often without an answer has to do. */
const FIN_ATTEMPTS = 3;
/** "Nothing to do" as a pause. */
const IDLE_MS = 1_000;

/**
 * The tunnel's end of the session (docs/protocol.md, Sessions).
 *
 * ```
 *            open()              ACK                 misses
 *   idle ------------> opening -------> established --------> lost
 *    ^                                    ^   |                |
 *    |  FIN from the node                 +---|--- any answer -+
 *    +----------------------------------------+
 *                                             | close()
 *                                             v
 *                                          closing --- ACK, or 3 FINs ---> closed
 * ```
 *
 * Dialect `reference` has no acknowledgements: `opening` and `closing` are over at once.
 */
export class Connection {
  readonly #state: TunnelState;
  readonly #probes = new KeepaliveProbes();
  readonly rtt = new RttEstimator();
  #handshakeSequence = 0;
  #handshakeTimestampUs = 0;
  #finSequence = 0;
  #attempts = 0;
  /** When the HANDSHAKE or FIN was sent last, and how long to wait for an answer. */
  #sentMs = 0;
  #retryMs = 0;
  #probedMs = 0;

  constructor(state: TunnelState) {
    this.#state = state;
  }

  open(): void {
    const state = this.#state;
    if (state.name !== 'idle' && state.name !== 'closed') return;
    state.inbound.restart();
    this.#probes.reset();
    state.outbound.token = state.options.token;
    if (state.options.dialect === 'reference') {
      this.#establish();
      return;
    }
    state.enter('opening');
    this.#startHandshake();
  }

  close(): void {
    const state = this.#state;
    if (state.name === 'closing' || state.name === 'closed') return;
    if (state.name === 'idle') {
      this.#finish();
      return;
    }
    state.enter('closing');
    this.#finSequence = state.outbound.takeSequence();
    this.#attempts = 0;
    this.#sendFin();
    if (state.options.dialect === 'reference') this.#finish();
  }

  /** Handles a valid packet with flags from the node. */
  handleControl(flags: number, sequence: number, token: number): DropReason | 0 {
    if ((flags & FLAG_FIN) !== 0) return this.#handleFin(sequence, token);
    if ((flags & FLAG_HANDSHAKE) !== 0) return this.#handleAcknowledgement(sequence, token);
    return this.#handleEcho(sequence);
  }

  /** Sends what is due. @returns milliseconds until there is something again. */
  handleTimeout(): number {
    const state = this.#state;
    switch (state.name) {
      case 'opening':
        return this.#retry(() => this.#sendHandshake());
      case 'closing':
        return this.#attempts >= FIN_ATTEMPTS && this.#msLeft() <= 0 ? this.#finish() : this.#retry(() => this.#sendFin());
      case 'established':
        return this.#probe();
      case 'lost': {
        const untilProbe = this.#probe();
        if (state.options.dialect === 'reference') return untilProbe;
        return Math.min(untilProbe, this.#retry(() => this.#sendHandshake()));
      }
      default:
        return IDLE_MS;
    }
  }

  #msLeft(): number {
    return this.#retryMs - ((this.#state.nowMs - this.#sentMs) | 0);
  }

  #retry(send: () => void): number {
    if (this.#msLeft() <= 0) send();
    return Math.max(0, this.#msLeft());
  }

  /** A repeated HANDSHAKE is the same packet again: that is how the node tells it from a fresh start. */
  #startHandshake(): void {
    const state = this.#state;
    this.#handshakeSequence = state.outbound.takeSequence();
    this.#handshakeTimestampUs = state.nowUs;
    this.#attempts = 0;
    this.#sendHandshake();
  }

  #sendHandshake(): void {
    const { options } = this.#state;
    this.#noteAttempt();
    this.#state.sendControl(FLAG_HANDSHAKE, options.token, this.#handshakeSequence, this.#handshakeTimestampUs);
  }

  #sendFin(): void {
    const { outbound, nowUs } = this.#state;
    this.#noteAttempt();
    this.#state.sendControl(FLAG_FIN, outbound.token, this.#finSequence, nowUs);
  }

  #noteAttempt(): void {
    this.#sentMs = this.#state.nowMs;
    this.#retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#attempts, LONGEST_RETRY_MS);
    this.#attempts++;
  }

  #handleAcknowledgement(sequence: number, token: number): DropReason | 0 {
    const state = this.#state;
    const waiting = state.name === 'opening' || state.name === 'lost';
    if (!waiting || sequence !== this.#handshakeSequence) return DropReason.unexpectedReply;
    // Another token is another session: what the node sends starts over.
    if (state.name === 'lost' && token !== state.outbound.token) state.inbound.restart();
    state.outbound.token = token;
    this.#establish();
    return 0;
  }

  #establish(): void {
    const state = this.#state;
    state.enter('established');
    this.#probes.reset();
    this.#sendProbe();
    state.output.event('established');
  }

  #handleEcho(sequence: number): DropReason | 0 {
    const state = this.#state;
    const rttUs = this.#probes.answered(sequence, state.nowUs);
    if (rttUs < 0) return DropReason.unexpectedReply;
    this.rtt.sample(rttUs);
    state.counters.values[TunnelCounter.keepalivesAnswered]++;
    state.output.roundTrip(rttUs);
    if (state.name === 'lost') {
      state.enter('established');
      state.output.event('established');
    }
    return 0;
  }

  #handleFin(sequence: number, token: number): DropReason | 0 {
    const state = this.#state;
    if (state.name === 'closing') {
      if (sequence !== this.#finSequence) return DropReason.unexpectedReply;
      this.#finish();
      return 0;
    }
    if (!state.carries) return DropReason.unexpectedReply;
    if (token !== state.outbound.token) return DropReason.badToken;
    state.sendControl(FLAG_FIN, token, sequence, state.nowUs);
    state.enter('idle');
    state.output.event('ended-by-node');
    return 0;
  }

  #finish(): number {
    const state = this.#state;
    state.enter('closed');
    state.flows.closeIdle(0, state.nowMs);
    state.inbound.close();
    state.output.event('closed');
    return IDLE_MS;
  }

  #probe(): number {
    const { options, nowMs } = this.#state;
    const left = options.keepaliveMs - ((nowMs - this.#probedMs) | 0);
    if (left > 0) return left;
    this.#sendProbe();
    if (this.#probes.misses >= options.maxKeepaliveMisses && this.#state.name === 'established') this.#lose();
    return options.keepaliveMs;
  }

  #sendProbe(): void {
    const state = this.#state;
    const sequence = state.outbound.takeSequence();
    this.#probedMs = state.nowMs;
    this.#probes.sent(sequence, state.nowUs);
    state.counters.values[TunnelCounter.keepalivesSent]++;
    state.sendControl(FLAG_KEEPALIVE, state.outbound.token, sequence, state.nowUs);
  }

  #lose(): void {
    const state = this.#state;
    state.enter('lost');
    state.counters.values[TunnelCounter.timesLost]++;
    state.output.event('lost');
    if (state.options.dialect === 'reference') return;
    // Sequence 0 would tell the node that the client has started over, which it has not.
    if (state.outbound.sequence === 0) state.outbound.takeSequence();
    this.#startHandshake();
  }
}
