import type { FecMemory } from '@lightspeed/fec';
import type { HmacSha256 } from '@lightspeed/security';
import { encodeProof } from '@lightspeed/security';
import type { DropReason } from '@lightspeed/wire';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { BlockReturns } from '../block-returns.ts';
import { FecTotals } from '../fec-totals.ts';
import { ReceiveState } from '../receive-state.ts';
import { MULTIPATH_MODES } from '../multipath.ts';
import { SendState, PacketWriter } from '../packet-writer.ts';
import type { SendFlow, PacketSink } from '../packet-writer.ts';
import { TUNNEL_STATES, TunnelCounter } from './tunnel-counters.ts';
import type { TunnelCounters, TunnelStateName } from './tunnel-counters.ts';
import { PathCounter, pathCounter } from './tunnel-counters.ts';
import { PathLink } from './path-link.ts';
import { TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelEnvironment, TunnelOptions, TunnelOutput } from './tunnel-options.ts';

/** Everything that both directions of a tunnel and its connection share. */
export class TunnelState implements PacketSink {
  readonly options: TunnelOptions;
  readonly memory: FecMemory;
  readonly bytes: Uint8Array;
  readonly counters: TunnelCounters;
  readonly output: TunnelOutput;
  readonly random: () => number;
  readonly hmacSha256: HmacSha256 | undefined;
  readonly returns: BlockReturns;
  readonly writer: PacketWriter;
  readonly flows: TunnelFlowTable;
  readonly fecTotals = new FecTotals();
  readonly receiving: ReceiveState;
  readonly sending: SendState;
  readonly links: readonly PathLink[];
  /** The link by which data goes. */
  primary: PathLink;
  /** Takes the nonce of the next proof. */
  readonly nextNonce: () => bigint;
  name: TunnelStateName = 'idle';
  /** Wrapping int32 clocks, moved on by the driver once per batch. */
  nowMs = 0;
  nowUs = 0;

  constructor(options: TunnelOptions, environment: TunnelEnvironment) {
    const { memory, random } = environment;
    this.options = options;
    this.memory = memory;
    this.bytes = memory.bytes;
    this.counters = environment.counters;
    this.output = environment.output;
    this.random = random;
    this.hmacSha256 = environment.hmacSha256;
    let ownNonce = 0n;
    this.nextNonce = environment.nextNonce ?? (() => ownNonce++);
    this.returns = new BlockReturns(memory);
    this.writer = new PacketWriter(memory, this.returns, this);
    this.flows = new TunnelFlowTable(options.maxFlows, this.writer, random);
    this.receiving = new ReceiveState(this);
    this.sending = new SendState(options.dialect, options.token);
    this.links = Array.from({ length: options.paths }, (_, number) => new PathLink(number));
    this.primary = this.links[0];
  }

  /** Whether payloads may be sent: also while the node is lost, since it may hear us all the same. */
  get carries(): boolean {
    return this.name === 'established' || this.name === 'lost';
  }

  enter(name: TunnelStateName): void {
    this.name = name;
    this.counters.values[TunnelCounter.state] = TUNNEL_STATES.indexOf(name);
  }

  dropFromLocal(reason: DropReason): void {
    this.counters.localDrops[reason]++;
  }

  dropFromNode(reason: DropReason): void {
    this.counters.nodeDrops[reason]++;
  }

  /** A data or parity packet for the node, from the packet writer: by the link or links that the mode says. */
  sendPacket(_flow: SendFlow, offset: number, length: number, isParity: boolean): boolean {
    const { links, primary } = this;
    primary.noteData(this.nowMs);
    if (links.length === 1 || this.options.multipath === 'standby') {
      this.sendToNode(primary, offset, length);
    } else if (this.options.multipath === 'parity') {
      this.sendToNode(isParity ? this.#besides(primary) : primary, offset, length);
    } else {
      for (let i = 0; i < links.length; i++) {
        if (links[i] === primary || links[i].isUp) this.sendToNode(links[i], offset, length);
      }
    }
    return true;
  }

  sendToNode(link: PathLink, offset: number, length: number): void {
    const { values } = this.counters;
    values[TunnelCounter.nodePacketsSent]++;
    values[TunnelCounter.nodeBytesSent] += length;
    values[pathCounter(link.number, PathCounter.packetsSent)]++;
    this.output.toNode(link.number, offset, length);
  }

  /** A link other than the primary one that is up, or that one if there is none. */
  #besides(primary: PathLink): PathLink {
    const { links } = this;
    for (let i = 0; i < links.length; i++) {
      if (links[i] !== primary && links[i].isUp) return links[i];
    }
    return primary;
  }

  /**
   * Sends a packet without payload and addresses.
   * @returns false if no block of memory was free for it; it is then as good as lost on the way.
   */
  sendControl(link: PathLink, flags: number, token: number, sequence: number, timestampUs: number): boolean {
    const block = this.memory.take();
    if (block < 0) return false;
    writeHeader(this.bytes, block, VERSION_PLAIN, flags, token, sequence, timestampUs, 0, 0, 0, 0);
    this.sendToNode(link, block, HEADER_BYTES);
    this.returns.afterSend(block);
    return true;
  }

  /**
   * Sends a HANDSHAKE, with a proof if there is a registration that lets us make one.
   * @returns like {@link sendControl}.
   */
  sendHandshake(link: PathLink, sequence: number, timestampUs: number): boolean {
    const { registration, token, multipath } = this.options;
    if (registration === undefined || this.hmacSha256 === undefined) {
      return this.sendControl(link, FLAG_HANDSHAKE, token, sequence, timestampUs);
    }
    const block = this.memory.take();
    if (block < 0) return false;
    const { bytes } = this;
    const mode = MULTIPATH_MODES.indexOf(multipath);
    writeHeader(bytes, block, VERSION_PLAIN, FLAG_HANDSHAKE, token, sequence, timestampUs, 0, link.number, 0, mode);
    const length = encodeProof(bytes, block, registration.sessionId, this.nextNonce(), registration.secret, this.hmacSha256);
    this.sendToNode(link, block, length);
    this.returns.afterSend(block);
    return true;
  }
}
