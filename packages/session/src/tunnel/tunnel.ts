import type { AddressHandle, ArenaOffset, ByteLength, Microseconds, Milliseconds, PathNumber, Port } from '@lightspeed/wire';
import { PacketWriter } from '../packet-writer.ts';
import { SessionLifecycle } from './session-lifecycle.ts';
import { FromNode } from './from-node.ts';
import { NodeSender } from './node-sender.ts';
import { TunnelFlowTable } from './tunnel-flow.ts';
import type { LocalFlow } from './tunnel-flow.ts';
import { ToNode } from './to-node.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelStateName } from './tunnel-counters.ts';
import type { LossCounts } from '../receive-state.ts';
import type { TunnelEnvironment, TunnelOptions } from './tunnel-options.ts';
import { makeTunnelParts } from './tunnel-parts.ts';
import { TunnelProtection } from './tunnel-protection.ts';
import { STEP_NAMES } from '../protection/loop/protection-step.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import { TunnelTags } from './tunnel-tags.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** How often counters are published and silent flows are looked for. */
const SWEEP_INTERVAL_MS = 250;

/**
 * The client's end of a session as a state machine: no socket, clock or randomness of its own. A packet's way is in
 * `to-node.ts` and `from-node.ts`, step by step; the session's life in `session-lifecycle.ts`.
 *
 * How to drive it: call {@link advance} with the time once per batch, and {@link handleLocalDatagram} or
 * {@link handleNodeDatagram} for each datagram. Then send what the `TunnelOutput` was given, and call {@link sent}. Call
 * {@link handleTimeout} when the milliseconds that it returned last are over, or sooner. Start with {@link open}, end
 * with {@link close} and wait for the event `closed`, or with {@link leave}. Datagrams lie in the bytes of
 * `environment.memory`, with at least 128 bytes of headroom, and stay untouched until `sent()`.
 *
 * Addresses of programs and servers are IPv4 as 32-bit numbers in signed or unsigned form. Those of the node are handles
 * of the driver's address book, in which an IPv4 address is its own handle. {@link setNodeAddress} comes before
 * {@link open}.
 */
export class Tunnel {
  readonly #parts: TunnelParts;
  readonly #flows: TunnelFlowTable;
  readonly #writer: PacketWriter;
  readonly #protection: TunnelProtection;
  readonly #lifecycle: SessionLifecycle;
  readonly #toNode: ToNode;
  readonly #fromNode: FromNode;
  #sweptMs = 0;

  constructor(options: TunnelOptions, environment: TunnelEnvironment) {
    const parts = makeTunnelParts(options, environment);
    const sender = new NodeSender(parts);
    const writer = new PacketWriter(parts.memory, parts.returns, sender, parts.clock);
    const flows = new TunnelFlowTable(options.maxFlows, writer, parts.random);
    const tags = new TunnelTags(parts);
    const protection = new TunnelProtection({ ...parts, flows, writer });
    const lifecycle = new SessionLifecycle({ ...parts, flows, protection, sender, tags });
    this.#parts = parts;
    this.#flows = flows;
    this.#writer = writer;
    this.#protection = protection;
    this.#lifecycle = lifecycle;
    this.#toNode = new ToNode({ ...parts, flows, protection, writer });
    this.#fromNode = new FromNode({ ...parts, flows, lifecycle, tags });
    this.#publish();
  }

  get state(): TunnelStateName {
    return this.#parts.state.name;
  }

  /** Sets the time: wrapping int32 clocks of milliseconds and microseconds. */
  advance(nowMs: Milliseconds, nowUs: Microseconds): void {
    this.#parts.clock.set(nowMs, nowUs);
  }

  /** Asks the node for a session, if there is none. */
  open(): void {
    this.#lifecycle.open();
  }

  /** Ends the session with a FIN, which is repeated a few times while no answer comes. */
  close(): void {
    this.#lifecycle.close();
  }

  /**
   * Ends the session with one FIN and waits for no answer. For when another session takes its place at the same addresses:
   * the node would take a FIN that comes later for that one's.
   */
  leave(): void {
    this.#lifecycle.leave();
  }

  /** A flow's local program has sent a datagram. */
  handleLocalDatagram(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    this.#toNode.handle(flow, offset, length);
  }

  /** A flow is over: forgets it, if this tunnel has carried it last. */
  closeFlow(flow: LocalFlow): void {
    const { carried } = flow;
    if (carried !== null && carried.table === this.#flows) this.#flows.close(carried);
  }

  /** The node's data-plane address by one of the paths: what comes by it from anywhere else is not the node's. */
  setNodeAddress(path: PathNumber, ip: AddressHandle, port: Port): void {
    const link = this.#parts.links.all[path];
    link.nodeIp = ip | 0;
    link.nodePort = port;
  }

  /** A datagram came in on the socket of one of the paths towards the node. */
  handleNodeDatagram(path: PathNumber, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    this.#fromNode.handle(path, offset, length, ip | 0, port);
  }

  /** Loss on the way from the node, since this was asked last. */
  takeLoss(): LossCounts {
    return this.#parts.receiving.takeLoss();
  }

  /**
   * Sends a keepalive by each path that works, unless one is under way. What its answer takes is the round trip of now: for who
   * compares ways, and cannot wait for the next keepalive.
   */
  measure(): void {
    this.#lifecycle.measure();
  }

  /**
   * The node has asked for packet tags (docs/protocol.md, Packet tags): packets of this session, and of those to come, have them
   * from now on. To be called again when the client has resumed the session: the node's clock may have started over.
   */
  startTags(): void {
    this.#lifecycle.startTags();
  }

  /** The client has registered again: what it has agreed on with the node holds from now on; undefined for nothing. */
  agree(terms: ProtectionTerms | undefined): void {
    this.#protection.settle(terms);
  }

  /** A path's local address has changed: tells the node at once, if there is a registration to prove it with. */
  rebind(path: PathNumber): void {
    this.#lifecycle.rebind(this.#parts.links.all[path]);
  }

  /** Everything given to the output so far is sent: its bytes may be used again. */
  sent(): void {
    this.#parts.returns.sent();
  }

  /**
   * Sends what is due: handshakes, keepalives, FINs, parity of partial groups; closes silent flows.
   * @returns milliseconds until it wants to be called again.
   */
  handleTimeout(): Milliseconds {
    const { clock, options, receiving } = this.#parts;
    const { nowMs, nowUs } = clock;
    this.#writer.advance(nowMs, nowUs);
    const next = this.#lifecycle.handleTimeout();
    if (((nowMs - this.#sweptMs) | 0) >= SWEEP_INTERVAL_MS) {
      this.#sweptMs = nowMs;
      receiving.tidy(nowMs);
      this.#flows.closeIdle(options.flowTimeoutMs, nowMs);
      this.#publish();
    }
    return this.#writer.msUntilDue(nowMs, Math.min(next, SWEEP_INTERVAL_MS));
  }

  /**
   * Asked when a batch of datagrams is handled: whether {@link handleTimeout} must be called sooner than it said, since something
   * waits to go out.
   * @returns milliseconds until then, or -1.
   */
  msUntilSooner(): Milliseconds | -1 {
    return this.#writer.repeats.msUntilSooner(this.#parts.clock.nowMs);
  }

  #publish(): void {
    const { counters, fecTotals, links, receiving, sending } = this.#parts;
    const { values } = counters;
    const { all, primary } = links;
    const { rtt } = primary;
    values[TunnelCounter.fecRecovered] = fecTotals.recovered;
    values[TunnelCounter.fecLost] = fecTotals.lost;
    values[TunnelCounter.fecRecoveryRejected] = fecTotals.recoveryRejected;
    values[TunnelCounter.fecParityIgnored] = fecTotals.parityIgnored;
    values[TunnelCounter.fecUntracked] = fecTotals.untracked;
    values[TunnelCounter.fecParityGenerated] = this.#writer.parityGenerated;
    values[TunnelCounter.fecProtected] = this.#writer.dataProtected;
    const { repeats } = this.#writer;
    values[TunnelCounter.repeatsCarried] = repeats.repeatsCarried;
    values[TunnelCounter.repeatsAlone] = repeats.packetsAlone;
    values[TunnelCounter.xorsCarried] = repeats.xorsCarried;
    values[TunnelCounter.repeatsOverBudget] = repeats.overBudget;
    values[TunnelCounter.repaired] = repeats.repaired;
    values[TunnelCounter.requestsSent] = repeats.requestsSent;
    const { agreed } = receiving;
    values[TunnelCounter.protectionStep] = agreed === null ? -1 : STEP_NAMES.indexOf(agreed.step.name);
    const runs = agreed?.lossRuns;
    values[TunnelCounter.upMeanRun] = runs?.sentMean ?? 0;
    values[TunnelCounter.downRuns] = runs?.received ?? 0;
    values[TunnelCounter.flows] = this.#flows.size;
    values[TunnelCounter.sequenceExpected] = receiving.window.expected;
    values[TunnelCounter.sequenceReceived] = receiving.window.received;
    values[TunnelCounter.sequenceLate] = receiving.window.late;
    values[TunnelCounter.rttSmoothedUs] = rtt.smoothedUs;
    values[TunnelCounter.rttJitterUs] = rtt.jitterUs;
    values[TunnelCounter.rttLatestUs] = rtt.latestUs;
    values[TunnelCounter.rttMinimumUs] = rtt.minimumUs;
    values[TunnelCounter.primaryPath] = primary.number;
    values[TunnelCounter.tagged] = sending.tags === null ? 0 : 1;
    for (const link of all) {
      values[pathCounter(link.number, PathCounter.rttSmoothedUs)] = link.rtt.smoothedUs;
      values[pathCounter(link.number, PathCounter.rttJitterUs)] = link.rtt.jitterUs;
      values[pathCounter(link.number, PathCounter.up)] = link.isUp ? 1 : 0;
    }
  }
}
