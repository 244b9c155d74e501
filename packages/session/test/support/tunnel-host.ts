import { FecMemory } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { DEFAULT_TUNNEL_OPTIONS, LocalFlow, TUNNEL_COUNTERS_BYTES, Tunnel, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';
import type { PathEvent, TunnelEvent, TunnelOptions, TunnelOutput } from '@lightspeed/session';
import { hmacSha256 } from '@lightspeed/security/node';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { endpoint } from './lstp-client.ts';
import { sequentialRandom } from './random.ts';
import type { Datagram } from './datagram.ts';

const NODE: Endpoint = endpoint('192.0.2.1:4434');

const SLOT_BYTES = 10_000;
const SLOTS = 8;

/** A payload that was handed to a local program. */
export interface LocalDatagram extends Datagram {
  readonly ingress: number;
}

/** Drives a Tunnel like a socket driver does; see RelayHost. */
export class TunnelHost implements TunnelOutput {
  readonly memory: FecMemory;
  readonly tunnel: Tunnel;
  readonly counters = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
  /** Packets to the node, and the paths by which they went. */
  toNodes: Uint8Array[] = [];
  readonly pathsUsed: number[] = [];
  readonly pathEvents: string[] = [];
  toLocals: LocalDatagram[] = [];
  readonly events: TunnelEvent[] = [];
  readonly roundTripsUs: number[] = [];
  /** How often it has said that it is attacked. */
  attacks = 0;
  nowMs = 1_000;
  onFlush: (() => void) | undefined;
  /** Called when the tunnel says that it is attacked. */
  onAttacked: (() => void) | undefined;
  /** Called with each packet that leaves for the node, for worlds in which links take them. */
  onPacket: ((path: number, bytes: Uint8Array) => void) | undefined;
  /** What the tunnel asks for those to whom no program has sent. */
  otherSource: NonNullable<TunnelOutput['otherSource']> = () => null;
  readonly #flows = new Map<string, LocalFlow>();
  #slot = 0;
  readonly #queued: (() => void)[] = [];

  constructor(options: Partial<TunnelOptions> = {}, blocks = 256) {
    const bytes = new Uint8Array(SLOTS * SLOT_BYTES + blocks * 1_600);
    this.memory = new FecMemory(bytes, SLOTS * SLOT_BYTES, blocks * 1_600);
    this.tunnel = new Tunnel(
      { ...DEFAULT_TUNNEL_OPTIONS, ...options },
      {
        memory: this.memory,
        counters: this.counters,
        output: this,
        random: sequentialRandom(),
        hmacSha256,
      },
    );
    for (let path = 0; path < (options.paths ?? 1); path++) this.tunnel.setNodeAddress(path, NODE.ip, NODE.port);
    this.#advance();
  }

  open(): void {
    this.#advance();
    this.tunnel.open();
    this.flush();
  }

  close(): void {
    this.#advance();
    this.tunnel.close();
    this.flush();
  }

  /** The node has asked for tags. */
  startTags(): void {
    this.#advance();
    this.tunnel.startTags();
    this.flush();
  }

  leave(): void {
    this.#advance();
    this.tunnel.leave();
    this.flush();
  }

  fromLocal(bytes: Uint8Array, program: Endpoint, server: Endpoint, ingress = 0): void {
    this.#advance();
    const offset = this.#place(bytes);
    this.tunnel.handleLocalDatagram(this.flowOf(program, server, ingress), offset, bytes.length);
    this.flush();
  }

  /** The one flow between a program and a server, by the ingress that was used last. */
  flowOf(program: Endpoint, server: Endpoint, ingress = 0): LocalFlow {
    const made = new LocalFlow(ingress, program.ip, program.port, server.ip, server.port);
    const flow = this.#flows.get(keyOf(made)) ?? made;
    this.adopt(flow);
    flow.ingress = ingress;
    return flow;
  }

  /** Carries a flow that another host may know too. */
  adopt(flow: LocalFlow): void {
    this.#flows.set(keyOf(flow), flow);
  }

  fromNode(bytes: Uint8Array, from: Endpoint = NODE, path = 0): void {
    this.#advance();
    this.tunnel.handleNodeDatagram(path, this.#place(bytes), bytes.length, from.ip, from.port);
    this.flush();
  }

  pass(ms: number, stepMs = 10): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + stepMs);
      this.tick();
    }
  }

  tick(): number {
    this.#advance();
    const next = this.tunnel.handleTimeout();
    this.flush();
    return next;
  }

  takeToNode(): Uint8Array[] {
    const taken = this.toNodes;
    this.toNodes = [];
    return taken;
  }

  takeToLocal(): LocalDatagram[] {
    const taken = this.toLocals;
    this.toLocals = [];
    return taken;
  }

  count(counter: keyof typeof TunnelCounter): number {
    return this.counters.values[TunnelCounter[counter]] ?? NaN;
  }

  drops(): Record<string, number> {
    const drops: Record<string, number> = {};
    for (const [side, counts] of [
      ['local', this.counters.localDrops],
      ['node', this.counters.nodeDrops],
    ] as const) {
      counts.forEach((count, reason) => {
        if (count > 0) drops[`${side}:${DROP_REASON_NAMES[reason]}`] = count;
      });
    }
    return drops;
  }

  // What the tunnel asks for.

  toNode(path: number, offset: number, length: number): void {
    this.#queued.push(() => {
      const bytes = this.memory.bytes.slice(offset, offset + length);
      this.pathsUsed.push(path);
      this.toNodes.push(bytes);
      this.onPacket?.(path, bytes);
    });
  }

  toLocal(flow: LocalFlow, offset: number, length: number): void {
    const { ingress, sourceIp, sourcePort: port } = flow;
    this.#queued.push(() =>
      this.toLocals.push({ ingress, bytes: this.memory.bytes.slice(offset, offset + length), ip: sourceIp >>> 0, port }),
    );
  }

  roundTrip(_path: number, rttUs: number): void {
    this.roundTripsUs.push(rttUs);
  }

  event(event: TunnelEvent): void {
    this.events.push(event);
  }

  attacked(): void {
    this.attacks++;
    this.onAttacked?.();
  }

  pathEvent(path: number, event: PathEvent): void {
    this.pathEvents.push(`${path} ${event}`);
  }

  flush(): void {
    for (const send of this.#queued.splice(0)) send();
    this.memory.bytes.fill(0xee, 0, SLOTS * SLOT_BYTES);
    this.tunnel.sent();
    this.onFlush?.();
  }

  #advance(): void {
    this.tunnel.advance(this.nowMs | 0, (this.nowMs * 1_000) | 0);
  }

  #place(bytes: Uint8Array): number {
    this.#slot = (this.#slot + 1) % SLOTS;
    const offset = this.#slot * SLOT_BYTES + HEADROOM_BYTES;
    this.memory.bytes.set(bytes, offset);
    return offset;
  }
}

function keyOf({ sourceIp, sourcePort, destinationIp, destinationPort }: LocalFlow): string {
  return `${sourceIp}:${sourcePort} ${destinationIp}:${destinationPort}`;
}
