import { FLAG_FIN, HEADER_BYTES, writeControlHeader } from '@lightspeed/wire';
import type { Microseconds, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { ClientSender } from './client-sender.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { PendingFin, RelayPath, RelaySession } from './relay-session.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/** A FIN that anybody may have sent waits for so long for a sign that the client is still there. */
const FIN_WAIT_MS = 1_000;
/** What comes later than this after a FIN was not merely overtaken by it. */
const FIN_REORDERING_MS = 250;

/** What {@link Farewell} takes of a relay. */
export interface FarewellParts extends Pick<RelayParts, 'bytes' | 'clock' | 'counters' | 'memory' | 'output' | 'returns'> {
  readonly lifecycle: RelaySessionLifecycle;
  readonly sender: ClientSender;
}

/** Ends sessions with a FIN: the node's own, or the answer to the client's (docs/protocol.md, Closing). */
export class Farewell {
  readonly #parts: FarewellParts;

  constructor(parts: FarewellParts) {
    this.#parts = parts;
  }

  /** Ends a session with a FIN by every path that is validated, or by the only one. */
  finish(session: RelaySession): void {
    const sequence = session.takeSequence();
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if (path.isValidated || session.registration === null) this.#send(path, sequence, this.#parts.clock.nowUs);
    }
    this.#close(session);
  }

  /**
   * A packet of a session came that is no FIN: a client that sends it has not left. What was sent before the FIN does not
   * count. The FIN's own timestamp may be forged, so it counts for a moment only.
   */
  noteActivity(session: RelaySession, timestampUs: Microseconds): void {
    const fin = session.pendingFin;
    if (fin === null) return;
    const isNewer = ((timestampUs - fin.timestampUs) | 0) > 0;
    if (isNewer || this.#sinceMs(fin.sinceMs) > FIN_REORDERING_MS) session.pendingFin = null;
  }

  /** Answers a session's FIN and ends the session, if it has waited for long enough. @returns whether it has ended. */
  answerFin(session: RelaySession): boolean {
    const fin = session.pendingFin;
    if (fin === null || this.#sinceMs(fin.sinceMs) < FIN_WAIT_MS) return false;
    this.answer(fin);
    return true;
  }

  /** Answers a FIN, and ends its session. */
  answer({ path, sequence, timestampUs }: PendingFin): void {
    this.#send(path, sequence, timestampUs);
    this.#close(path.session);
  }

  #sinceMs(thenMs: Milliseconds): Milliseconds {
    return (this.#parts.clock.nowMs - thenMs) | 0;
  }

  #send(path: RelayPath, sequence: SequenceNumber, timestampUs: Microseconds): void {
    const { bytes, memory, output, returns, sender } = this.#parts;
    let block = memory.take();
    if (block < 0) {
      output.flush();
      block = memory.take();
    }
    if (block < 0) return;
    writeControlHeader(bytes, block, FLAG_FIN, path.session.token, sequence, timestampUs);
    sender.sendTo(path, block, HEADER_BYTES);
    returns.afterSend(block);
  }

  #close(session: RelaySession): void {
    const { counters, lifecycle } = this.#parts;
    lifecycle.close(session);
    counters.values[RelayCounter.sessionsClosed]++;
  }
}
