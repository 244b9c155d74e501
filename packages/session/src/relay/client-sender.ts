import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import type { Clock } from '../clock.ts';
import type { PacketSink } from '../protection/packet-wrapper.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { pathsFor } from '../path-scheduler.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayPath } from './relay-session.ts';
import type { RelayFlow, RelaySession } from './relay-session.ts';

/** Sends packets to clients: by the path or paths that the session uses, as far as their addresses may get that much. */
export class ClientSender implements PacketSink {
  readonly #amplification: RelayParts['amplification'];
  readonly #values: Float64Array;
  readonly #output: RelayParts['output'];
  readonly #clock: Clock;

  constructor({ amplification, counters, output, clock }: Pick<RelayParts, 'amplification' | 'counters' | 'output' | 'clock'>) {
    this.#amplification = amplification;
    this.#values = counters.values;
    this.#output = output;
    this.#clock = clock;
  }

  /** A data or parity packet for the flow's client, from the packet writer. */
  sendPacket(flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean {
    const { session } = flow as RelayFlow;
    const { primary } = session;
    if (primary === null) return false;
    if (session.pathCount === 1 || session.multipath === 'standby') return this.sendTo(primary, offset, length);
    const chosen = pathsFor(session.multipath, isParity, primary.number, this.#usable(session));
    let sent = false;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if ((chosen & (1 << path.number)) !== 0 && this.sendTo(path, offset, length)) sent = true;
    }
    return sent;
  }

  /** Sends a packet to a session's client by one path. @returns false if its address may not get that much. */
  sendTo(path: RelayPath, offset: ArenaOffset, length: ByteLength): boolean {
    if (!this.#amplification.allowSend(path.session.slot, length)) return false;
    this.#values[RelayCounter.clientPacketsSent]++;
    this.#values[RelayCounter.clientBytesSent] += length;
    this.#output.toClient(offset, length, path);
    return true;
  }

  #usable(session: RelaySession): number {
    let usable = 0;
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if (path.isAlive(this.#clock.nowMs)) usable |= 1 << path.number;
    }
    return usable;
  }
}
