import {
  DropReason,
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  TAG_BYTES,
  readFlags,
  readSequence,
  readTimestampUs,
  readToken,
} from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import { PacketKind, checkSessionPacket, isRedundant, kindOf } from '../protection/session-packet.ts';
import { UNTAGGED } from '../tags/packet-tags.ts';
import type { PacketTags } from '../tags/packet-tags.ts';
import type { SessionAdmission } from './admission.ts';
import { RelayCounter } from './relay-counters.ts';
import type { Farewell } from './farewell.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayPath, RelaySession } from './relay-session.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';
import { REFUSED_UP } from './session-refusals.ts';
import type { SessionTags } from './session-tags.ts';
import type { UpstreamControl } from './upstream-control.ts';
import type { UpstreamData } from './upstream-data.ts';

/** What {@link Upstream} takes of a relay. */
export interface UpstreamParts extends Pick<
  RelayParts,
  'addresses' | 'bans' | 'bytes' | 'clock' | 'counters' | 'forwarding' | 'limits' | 'output' | 'refusals' | 'sessions'
> {
  readonly admission: SessionAdmission;
  readonly control: UpstreamControl;
  readonly data: UpstreamData;
  readonly farewell: Farewell;
  readonly lifecycle: RelaySessionLifecycle;
  readonly tagging: SessionTags;
}

/**
 * From a client to a game server. A datagram's way:
 *
 *  1. ban        is its address banned?
 *  2. session    which session has a path by its address? None, or a proof: does it open or join one?    SessionAdmission
 *  3. tag        is it right, where the session has tags? A proof needs none                             PacketTags
 *  4. validity   is it a packet of the session's dialect?
 *  5. token      does it carry the session's? A HANDSHAKE: may it be without a proof?
 *  6. rate       is the client within its limits?
 *  7. kind       FIN, HANDSHAKE and KEEPALIVE are answered; data and parity go on                         UpstreamControl
 *  8. window     is it here for the first time?                                                          UpstreamData
 *  9. flow       where does it go? New: may it go there?                              policy, reflection guard
 * 10. FEC        what does it bring back?                                             ReceiveState
 * 11. egress     payload to the server, in place, from the flow's socket
 */
export class Upstream {
  readonly #parts: UpstreamParts;
  /** Where the packet at hand came from, if no path has its address. */
  readonly #from = { ip: 0, port: 0, local: 0 };

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** Handles `length` bytes at `offset` of the shared memory that came from a client's address to one of the node's. */
  handle(offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void {
    const { admission, bans, counters, forwarding, sessions } = this.#parts;
    const { values } = counters;
    values[RelayCounter.clientPacketsReceived]++;
    values[RelayCounter.clientBytesReceived] += length;
    if (bans.size > 0 && this.#isBanned(ip)) return this.#drop(DropReason.banned);
    const isProof = admission.carriesProof(offset, length);
    let path = sessions.find(ip, port);
    if (path === null || isProof) {
      if (!isProof && forwarding.size > 0 && this.#forwardToOwner(offset, length, ip, port, local)) return;
      const from = this.#from;
      from.ip = ip;
      from.port = port;
      from.local = local;
      path = admission.admit(path, offset, length, isProof, from);
      if (path === null) return;
    }
    const { tags } = path.session;
    const tagged = tags === null || isProof ? UNTAGGED : this.#takeTag(path.session, tags, offset, length);
    const added = tagged === 0 ? TAG_BYTES : 0;
    const refusal =
      tagged !== 0 && tagged !== UNTAGGED ? tagged : this.#handleBound(path, offset + added, length - added, isProof, tagged === 0, local);
    if (refusal === 0) return;
    this.#drop(refusal);
    this.#parts.refusals.note(path.session, REFUSED_UP, refusal);
  }

  #takeTag(session: RelaySession, tags: PacketTags, offset: ArenaOffset, length: ByteLength): DropReason | 0 | typeof UNTAGGED {
    const hadCome = tags.hasCome;
    const taken = tags.take(offset, length, this.#parts.clock.nowMs);
    if (tags.hasCome !== hadCome) this.#parts.tagging.noteTagged(session);
    if (taken === DropReason.badTag) this.#parts.tagging.noteForged(session);
    return taken;
  }

  #drop(reason: DropReason): void {
    this.#parts.counters.clientDrops[reason]++;
  }

  #isBanned(ip: AddressHandle): boolean {
    const { addresses, bans, clock } = this.#parts;
    return bans.isBanned(addresses.prefixHigh(ip), addresses.prefixLow(ip), clock.nowMs);
  }

  #handleBound(
    path: RelayPath,
    offset: ArenaOffset,
    length: ByteLength,
    isProof: boolean,
    isTagged: boolean,
    local: AddressHandle,
  ): DropReason | 0 {
    const { bytes, clock, control, data, farewell, lifecycle, limits } = this.#parts;
    const { session } = path;
    const isAgreed = session.receiving.agreed !== null;
    const invalid = checkSessionPacket(bytes, offset, length, session.dialect, isAgreed);
    if (invalid !== 0) return invalid;
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return DropReason.fragment;
    const token = readToken(bytes, offset);
    const isHandshake = (flags & (FLAG_HANDSHAKE | FLAG_FIN)) === FLAG_HANDSHAKE;
    if (isHandshake && session.isProved && !isProof) return DropReason.notAdmitted;
    if (token !== session.token && !(isHandshake && token === 0)) return this.#wrongToken(session);
    const kind = flags === 0 ? kindOf(bytes, offset, length, isAgreed) : PacketKind.plain;
    const overLimit = limits.admitUpstream(session.slot, length, clock.nowMs, isRedundant(kind));
    if (overLimit !== 0) {
      if (!isAgreed || flags === 0) session.receiving.window.leaveOut(readSequence(bytes, offset));
      return overLimit;
    }
    if (path.credit !== null) path.credit.received(length);
    if (session.pendingFin !== null && (flags & FLAG_FIN) === 0) farewell.noteActivity(session, readTimestampUs(bytes, offset));
    session.lastActivityMs = clock.nowMs;
    path.lastHeardMs = clock.nowMs;
    if (local !== path.local && local !== 0) lifecycle.moveLocal(path, local);
    return flags === 0 ? data.handle(path, kind, offset, length, isTagged) : control.handle(path, flags, offset, length, isTagged);
  }

  /** Whether another relay of this port has the address' session, and has got the datagram. */
  #forwardToOwner(offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): boolean {
    const { counters, forwarding, output } = this.#parts;
    const relay = forwarding.find(ip, port);
    if (relay < 0) return false;
    counters.values[RelayCounter.forwarded]++;
    output.forward(relay, offset, length, ip, port, local);
    return true;
  }

  /** A client of an open node that has shown nothing yet was opened by somebody who did not get the answer. */
  #wrongToken(session: RelaySession): DropReason {
    const { counters, lifecycle, tagging } = this.#parts;
    tagging.noteForged(session);
    if (!session.isVerified && session.dialect === 'standard') {
      lifecycle.close(session);
      counters.values[RelayCounter.sessionsClosed]++;
    }
    return DropReason.badToken;
  }
}
