import {
  FLAG_FIN,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  VERSION_PLAIN,
  readDestinationIp,
  readDestinationPort,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  writeHeader,
} from '@lightspeed/wire';
import type { ArenaOffset } from '@lightspeed/wire';
import type { ClientSender } from './client-sender.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayPath, RelaySession } from './relay-session.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/** What {@link UpstreamControl} takes of a relay. */
export interface UpstreamControlParts extends Pick<RelayParts, 'amplification' | 'bytes' | 'counters'> {
  readonly lifecycle: RelaySessionLifecycle;
  readonly sender: ClientSender;
}

/** Answers a session's FINs, HANDSHAKEs and KEEPALIVEs (docs/protocol.md, Sessions, Keepalive). */
export class UpstreamControl {
  readonly #parts: UpstreamControlParts;

  constructor(parts: UpstreamControlParts) {
    this.#parts = parts;
  }

  /** Handles a packet with flags and the session's token. @returns 0: none of them is refused. */
  handle(path: RelayPath, flags: number, offset: ArenaOffset): 0 {
    const { amplification, counters, lifecycle } = this.#parts;
    const { values } = counters;
    const { session } = path;
    if ((flags & FLAG_FIN) !== 0) {
      values[RelayCounter.fins]++;
      this.#answer(path, FLAG_FIN, offset);
      lifecycle.close(session);
      values[RelayCounter.sessionsClosed]++;
      return 0;
    }
    if ((flags & FLAG_HANDSHAKE) !== 0) {
      values[RelayCounter.handshakes]++;
      this.#noteHandshake(session, offset);
      this.#answer(path, FLAG_HANDSHAKE, offset);
      return 0;
    }
    values[RelayCounter.keepalives]++;
    // Only who gets what is sent to the address can know the token that the acknowledgement carried.
    if (session.dialect === 'standard') amplification.setVerified(session.slot);
    this.#answer(path, FLAG_KEEPALIVE, offset);
    return 0;
  }

  /**
   * A client that starts over from the same port sends sequence 0 with a newer timestamp. What it sends from then on must
   * not be taken for duplicates. The same HANDSHAKE again is a retransmission.
   */
  #noteHandshake(session: RelaySession, offset: ArenaOffset): void {
    const { bytes } = this.#parts;
    const sequence = readSequence(bytes, offset);
    const timestampUs = readTimestampUs(bytes, offset);
    const first = session.handshakeSequence < 0;
    const newer = ((timestampUs - session.handshakeTimestampUs) | 0) > 0;
    if (!first && newer && sequence === 0) session.receiving.restart();
    if (first || newer) {
      session.handshakeSequence = sequence;
      session.handshakeTimestampUs = timestampUs;
    }
  }

  /** Sends the packet back as its own answer: flags, token, sequence, timestamp; addresses swapped; no payload. */
  #answer(path: RelayPath, flags: number, offset: ArenaOffset): void {
    const { bytes, sender } = this.#parts;
    writeHeader(
      bytes,
      offset,
      VERSION_PLAIN,
      flags,
      path.session.token,
      readSequence(bytes, offset),
      readTimestampUs(bytes, offset),
      readDestinationIp(bytes, offset),
      readDestinationPort(bytes, offset),
      readSourceIp(bytes, offset),
      readSourcePort(bytes, offset),
    );
    sender.sendTo(path, offset, HEADER_BYTES);
  }
}
