import type { FecMemory } from '@lightspeed/fec';
import type { DropReason } from '@lightspeed/wire';
import { HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { BlockReturns } from '../block-returns.ts';
import { FecTotals } from '../fec-totals.ts';
import { InboundStream } from '../inbound-stream.ts';
import { OutboundStream, PacketWriter } from '../packet-writer.ts';
import type { OutboundFlow, PacketSink } from '../packet-writer.ts';
import { TUNNEL_STATES, TunnelCounter } from './tunnel-counters.ts';
import type { TunnelCounters, TunnelStateName } from './tunnel-counters.ts';
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
  readonly nodeIp: number;
  readonly nodePort: number;
  readonly returns: BlockReturns;
  readonly writer: PacketWriter;
  readonly flows: TunnelFlowTable;
  readonly closedFec = new FecTotals();
  readonly inbound: InboundStream;
  readonly outbound: OutboundStream;
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
    this.nodeIp = environment.nodeIp | 0;
    this.nodePort = environment.nodePort;
    this.returns = new BlockReturns(memory);
    this.writer = new PacketWriter(memory, this.returns, this);
    this.flows = new TunnelFlowTable(options.maxFlows, this.writer, random);
    this.inbound = new InboundStream(memory, this.closedFec);
    this.outbound = new OutboundStream(options.dialect);
    this.outbound.token = options.token;
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

  /** A packet for the node, from the packet writer. */
  sendPacket(_flow: OutboundFlow, offset: number, length: number): boolean {
    this.sendToNode(offset, length);
    return true;
  }

  sendToNode(offset: number, length: number): void {
    const { values } = this.counters;
    values[TunnelCounter.nodePacketsSent]++;
    values[TunnelCounter.nodeBytesSent] += length;
    this.output.toNode(offset, length);
  }

  /**
   * Sends a packet without payload and addresses.
   * @returns false if no block of memory was free for it; it is then as good as lost on the way.
   */
  sendControl(flags: number, token: number, sequence: number, timestampUs: number): boolean {
    const block = this.memory.take();
    if (block < 0) return false;
    writeHeader(this.bytes, block, VERSION_PLAIN, flags, token, sequence, timestampUs, 0, 0, 0, 0);
    this.sendToNode(block, HEADER_BYTES);
    this.returns.afterSend(block);
    return true;
  }
}
