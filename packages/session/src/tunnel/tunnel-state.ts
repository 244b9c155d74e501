import type { FecMemory } from '@lightspeed/fec';
import type { HmacSha256 } from '@lightspeed/security';
import type { DropReason } from '@lightspeed/wire';
import { BlockReturns } from '../block-returns.ts';
import { FecTotals } from '../fec-totals.ts';
import { ReceiveState } from '../receive-state.ts';
import { PacketWriter } from '../packet-writer.ts';
import { SendState } from '../send-flow.ts';
import { TUNNEL_STATES, TunnelCounter } from './tunnel-counters.ts';
import type { TunnelCounters, TunnelStateName } from './tunnel-counters.ts';
import { NodeSender } from './node-sender.ts';
import { PathLink } from './path-link.ts';
import { TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelEnvironment, TunnelOptions, TunnelOutput } from './tunnel-options.ts';

/** What both directions of a tunnel and its session's lifecycle share. */
export class TunnelState {
  readonly options: TunnelOptions;
  readonly memory: FecMemory;
  readonly bytes: Uint8Array;
  readonly counters: TunnelCounters;
  readonly output: TunnelOutput;
  readonly random: () => number;
  readonly hmacSha256: HmacSha256 | undefined;
  readonly returns: BlockReturns;
  readonly sender: NodeSender;
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
    this.sender = new NodeSender(this);
    this.writer = new PacketWriter(memory, this.returns, this.sender);
    this.flows = new TunnelFlowTable(options.maxFlows, this.writer, random);
    this.receiving = new ReceiveState(this);
    this.receiving.window.startsOverOnDuplicates = options.registration === undefined && options.paths === 1;
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
}
