import type { FecMemory } from '@lightspeed/fec';
import type { HmacSha256 } from '@lightspeed/security';
import { encodeProof } from '@lightspeed/security';
import { FLAG_HANDSHAKE, HEADER_BYTES, writeControlHeader, writeHandshakePath } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Microseconds, Milliseconds, SequenceNumber, SessionToken } from '@lightspeed/wire';
import type { BlockReturns } from '../protection/block-returns.ts';
import { MULTIPATH_MODES } from '../multipath.ts';
import type { PacketSink } from '../protection/packet-wrapper.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { pathsFor } from '../path-scheduler.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelCounters } from './tunnel-counters.ts';
import type { TunnelOptions, TunnelOutput } from './tunnel-options.ts';

/** What {@link NodeSender} takes of a tunnel. */
export interface NodeSenderParts {
  readonly options: TunnelOptions;
  readonly memory: FecMemory;
  readonly bytes: Uint8Array;
  readonly returns: BlockReturns;
  readonly counters: TunnelCounters;
  readonly output: TunnelOutput;
  readonly hmacSha256: HmacSha256 | undefined;
  readonly nextNonce: () => bigint;
  readonly links: readonly PathLink[];
  /** The link by which data goes. */
  readonly primary: PathLink;
  readonly nowMs: Milliseconds;
}

/** Sends packets to the node, by the path or paths that the session uses. */
export class NodeSender implements PacketSink {
  readonly #parts: NodeSenderParts;

  constructor(parts: NodeSenderParts) {
    this.#parts = parts;
  }

  /** A data or parity packet, from the packet writer. */
  sendPacket(_flow: SendFlow, offset: ArenaOffset, length: ByteLength, isParity: boolean): boolean {
    const { links, options, primary, nowMs } = this.#parts;
    primary.noteData(nowMs);
    if (links.length === 1 || options.multipath === 'standby') {
      this.sendTo(primary, offset, length);
      return true;
    }
    const chosen = pathsFor(options.multipath, isParity, primary.number, usableAmong(links));
    for (let i = 0; i < links.length; i++) {
      if ((chosen & (1 << links[i].number)) !== 0) this.sendTo(links[i], offset, length);
    }
    return true;
  }

  sendTo(link: PathLink, offset: ArenaOffset, length: ByteLength): void {
    const { counters, output } = this.#parts;
    const { values } = counters;
    values[TunnelCounter.nodePacketsSent]++;
    values[TunnelCounter.nodeBytesSent] += length;
    values[pathCounter(link.number, PathCounter.packetsSent)]++;
    output.toNode(link.number, offset, length);
  }

  /**
   * Sends a packet without payload and addresses.
   * @returns false if no block of memory was free for it; it is then as good as lost on the way.
   */
  sendControl(link: PathLink, flags: number, token: SessionToken, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, memory, returns } = this.#parts;
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, flags, token, sequence, timestampUs);
    this.sendTo(link, block, HEADER_BYTES);
    returns.afterSend(block);
    return true;
  }

  /**
   * Sends a HANDSHAKE, with a proof if there is a registration that lets us make one.
   * @returns like {@link sendControl}.
   */
  sendHandshake(link: PathLink, sequence: SequenceNumber, timestampUs: Microseconds): boolean {
    const { bytes, hmacSha256, memory, nextNonce, options, returns } = this.#parts;
    const { registration, token, multipath } = options;
    if (registration === undefined || hmacSha256 === undefined) {
      return this.sendControl(link, FLAG_HANDSHAKE, token, sequence, timestampUs);
    }
    const block = memory.take();
    if (block < 0) return false;
    writeControlHeader(bytes, block, FLAG_HANDSHAKE, token, sequence, timestampUs);
    writeHandshakePath(bytes, block, link.number, MULTIPATH_MODES.indexOf(multipath));
    const length = encodeProof(bytes, block, registration.sessionId, nextNonce(), registration.secret, hmacSha256);
    this.sendTo(link, block, length);
    returns.afterSend(block);
    return true;
  }
}

/** The set of links that are up, as the path scheduler wants it. */
export function usableAmong(links: readonly PathLink[]): number {
  let usable = 0;
  for (let i = 0; i < links.length; i++) if (links[i].isUp) usable |= 1 << links[i].number;
  return usable;
}
