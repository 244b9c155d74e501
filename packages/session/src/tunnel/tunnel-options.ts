import type { FecMemory } from '@lightspeed/fec';
import type { HmacSha256 } from '@lightspeed/security';
import type {
  AddressHandle,
  ArenaOffset,
  ByteLength,
  Dialect,
  Microseconds,
  Milliseconds,
  PathNumber,
  Port,
  SessionToken,
} from '@lightspeed/wire';
import type { MultipathMode } from '../base/multipath.ts';
import type { ProtectionSettings } from '../protection/agreed/protection-settings.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { StepName } from '../protection/loop/protection-step.ts';
import type { LocalFlow } from './tunnel-flow.ts';
import type { TunnelCounters } from './tunnel-counters.ts';

/** A registration's session, with what proves that it is ours (docs/protocol.md, Sessions). */
export interface TunnelRegistration {
  readonly sessionId: number;
  /** 16 bytes. */
  readonly secret: Uint8Array;
}

/** How a tunnel behaves. Times in milliseconds. */
export interface TunnelOptions {
  readonly dialect: Dialect;
  /** The token of a registration; 0 without one. */
  readonly token: SessionToken;
  /** What a registration over the control connection gave: makes proofs, which let the session move and have paths. */
  readonly registration?: TunnelRegistration | undefined;
  /** How many paths there are, 1 to 4. More than one needs a registration. */
  readonly paths: number;
  readonly multipath: MultipathMode;
  /** Data packets per parity packet, 1 to 32 (`reference`: 2 to 16); 0 sends without FEC. */
  readonly fecGroupSize: number;
  readonly keepaliveMs: Milliseconds;
  /** So many keepalives in a row without an answer, with nothing else from the node meanwhile, and it counts as lost. */
  readonly maxKeepaliveMisses: number;
  /**
   * Keepalives go out at their pause and not sooner, for measurements: one without an answer is missed only then. Otherwise
   * it is missed when an answer would have come, and the next one goes out at once.
   */
  readonly steadyKeepalives: boolean;
  /** A flow ends after this long without a datagram in either direction. */
  readonly flowTimeoutMs: Milliseconds;
  readonly maxFlows: number;
  /** Whether the node lets others through than the game servers to which programs have sent: they are delivered, too. */
  readonly hearsAnySource: boolean;
  /** What to do with a payload that does not fit a usual packet: leave it to IP fragmentation, or drop it. Then its program takes shorter ones. */
  readonly oversize: 'fragment' | 'drop';
  /** How this end protects from loss what it sends, if the node knows how to receive that; undefined for groups only. */
  readonly protection?: ProtectionSettings | undefined;
  /** What the node has agreed on when the client registered; undefined for nothing, and without registration. */
  readonly terms?: ProtectionTerms | undefined;
}

/** The defaults that docs/playing.md lists. */
export const DEFAULT_TUNNEL_OPTIONS: TunnelOptions = Object.freeze({
  dialect: 'standard',
  token: 0,
  paths: 1,
  multipath: 'standby',
  fecGroupSize: 4,
  keepaliveMs: 5_000,
  maxKeepaliveMisses: 3,
  steadyKeepalives: false,
  flowTimeoutMs: 120_000,
  maxFlows: 4_096,
  hearsAnySource: false,
  oversize: 'drop',
});

/** What a tunnel works with besides its options. */
export interface TunnelEnvironment {
  /** Blocks for FEC and for packets that the tunnel makes itself; its `bytes` also hold the received datagrams. */
  readonly memory: FecMemory;
  readonly counters: TunnelCounters;
  readonly output: TunnelOutput;
  /** 32 random bits, unpredictable to others. */
  readonly random: () => number;
  /** What proofs are made with; needed with a registration. */
  readonly hmacSha256?: HmacSha256 | undefined;
  /** Takes the nonce of the next proof, if others make proofs with the same secret too; else the tunnel counts by itself. */
  readonly nextNonce?: (() => bigint) | undefined;
}

/** What happens to a tunnel that whoever drives it may want to know. */
export type TunnelEvent =
  /** The node has answered: the session is open. Also after it was lost. */
  | 'established'
  /** Too many keepalives in a row were not answered. The tunnel goes on trying. */
  | 'lost'
  /** The node has ended the session. `open()` asks for a new one. */
  | 'ended-by-node'
  /** `close()` is done. */
  | 'closed';

/** What happens to a path. */
export type PathEvent =
  /** The node answers by it. */
  | 'up'
  /** The node does not answer by it any more. The tunnel goes on trying. */
  | 'down';

/**
 * What a tunnel wants done. Offsets are into the shared memory; the bytes there stay as they are until the driver calls
 * `Tunnel.sent()`. IPv4 addresses are int32 bit patterns.
 */
export interface TunnelOutput {
  /** Sends a packet to the node by one of the paths. */
  toNode(path: PathNumber, offset: ArenaOffset, length: ByteLength): void;
  /**
   * Sends a payload to a flow's local program: an answer of the flow's game server. Only its bytes may be used: right in front of it
   * another payload may lie that is still to be sent.
   */
  toLocal(flow: LocalFlow, offset: ArenaOffset, length: ByteLength): void;
  /**
   * Somebody to whom no program has sent answers the program of a flow. The driver gives its flow between the two, or null if there is to be
   * none. Asked only with `hearsAnySource`, and without it nothing of others is delivered.
   */
  otherSource?(flow: LocalFlow, ip: AddressHandle, port: Port): LocalFlow | null;
  /** A keepalive on one of the paths was answered after so many microseconds. */
  roundTrip(path: PathNumber, rttUs: Microseconds): void;
  event(event: TunnelEvent): void;
  /** Packets with wrong tokens came from the node's address: somebody forges it, and the node should know. */
  attacked(): void;
  /** What is sent to the node is protected otherwise from now on: its step, and why, as people read it. */
  protectionChanged?(step: StepName, reason: string): void;
  /** A path has begun or ceased to work. */
  pathEvent(path: PathNumber, event: PathEvent): void;
}
