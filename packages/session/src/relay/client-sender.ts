import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import type { Clock } from '../base/clock.ts';
import type { ClientAddress } from './client-address.ts';
import type { PacketSink } from '../protection/packet-wrapper.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { pathsFor } from '../path-scheduler.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayPath } from './relay-session.ts';
import type { RelaySession } from './relay-session.ts';

/**
 * Sends packets to clients: by the path or paths that the session uses, as far as their addresses may get that much. Here tags
 * are put on them.
 */
export class ClientSender implements PacketSink {
  readonly #values: Float64Array;
  readonly #output: RelayParts['output'];
  readonly #clock: Clock;

  constructor({ counters, output, clock }: Pick<RelayParts, 'counters' | 'output' | 'clock'>) {
    this.#values = counters.values;
    this.#output = output;
    this.#clock = clock;
  }

  /** A data or parity packet for the flow's client, from the packet writer. */
  sendPacket(flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean {
    // All flows of a relay are of its sessions.
    const session = flow.sending as RelaySession;
    const { primary } = session;
    if (primary === null) return false;
    const added = session.seal(offset, length);
    const start = offset - added;
    const total = length + added;
    if (session.pathCount === 1 || session.multipath === 'standby') return this.#sendBy(primary, start, total);
    const chosen = pathsFor(session.multipath, isParity, primary.number, this.#usable(session));
    let sent = false;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if (!path.isValidated && path !== primary) continue;
      if ((chosen & (1 << path.number)) !== 0 && this.#sendBy(path, start, total)) sent = true;
    }
    return sent;
  }

  /** Sends a packet without payload to a session's client by one path. @returns false if its address may not get that much. */
  sendTo(path: RelayPath, offset: ArenaOffset, length: ByteLength): boolean {
    const added = path.session.seal(offset, length);
    return this.#sendBy(path, offset - added, length + added);
  }

  /** Sends the acknowledgement of a proof by one path. */
  acknowledge(path: RelayPath, offset: ArenaOffset, length: ByteLength): void {
    const added = path.session.tags === null ? 0 : path.session.tags.sealAcknowledgement(offset, length);
    this.#sendBy(path, offset - added, length + added);
  }

  /** Sends an answer to an address that no path of the session has; with a tag it must be shorter than what came from there. */
  sendToAddress(session: RelaySession | null, to: ClientAddress, offset: ArenaOffset, length: ByteLength): void {
    const tags = session === null ? null : session.tags;
    const added = tags === null ? 0 : tags.sealAcknowledgement(offset, length);
    this.#send(to, offset - added, length + added);
  }

  #sendBy(path: RelayPath, offset: ArenaOffset, length: ByteLength): boolean {
    const { credit } = path;
    if (credit !== null && !credit.allowSend(length)) return false;
    this.#send(path, offset, length);
    return true;
  }

  #send(to: ClientAddress, offset: ArenaOffset, length: ByteLength): void {
    this.#values[RelayCounter.clientPacketsSent]++;
    this.#values[RelayCounter.clientBytesSent] += length;
    this.#output.toClient(offset, length, to);
  }

  #usable(session: RelaySession): number {
    let usable = 0;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if (path.isValidated && path.isAlive(this.#clock.nowMs)) usable |= 1 << path.number;
    }
    return usable;
  }
}
