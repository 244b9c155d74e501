import type { ProtectionTerms, StepName, TunnelEvent, TunnelRegistration } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { Dialect, Endpoint, SocketAddress } from '@lightspeed/wire';
import type { CaptureCommand, CaptureMessage } from '../ingress/transparent/messages.ts';
import type { SocksCommand, SocksMessage } from '../ingress/socks/messages.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import type { FlowCommand, FlowMessage } from '../way/flow-messages.ts';
import type { PolicyRule } from '../way/way-policy.ts';

/** The slot of the node tunnel that leads to the node of `--via`; others count from 0. */
export const VIA_SLOT = -1;

/** A node's data-plane addresses: one of each family, if it has one. */
export interface NodeAddresses {
  readonly ipv4: SocketAddress | undefined;
  readonly ipv6: SocketAddress | undefined;
  /** The family by which the node was reached before: paths that can use both use this one. */
  readonly preferred: 'ipv4' | 'ipv6';
}

/** One node that the tunnel may use: where it is, and what its registration gave. */
export interface NodeTunnelSettings {
  /** Its place among the nodes in use; {@link VIA_SLOT} for the one through which a path of the others leads. */
  readonly slot: number;
  readonly node: NodeAddresses;
  readonly dialect: Dialect;
  readonly token: number;
  readonly keepaliveMs: number;
  readonly registration: TunnelRegistration | undefined;
  /** The nonce of the session's next proof, one u64 that both threads count up. */
  readonly nonces: SharedArrayBuffer;
  /** Where its tunnel counts, laid out by `tunnelCountersIn`. */
  readonly counters: SharedArrayBuffer;
  /** Whether the node wants tags on the packets of the session. */
  readonly wantsTags: boolean;
  /** What was agreed on for protection at the registration; undefined for nothing. */
  readonly terms: ProtectionTerms | undefined;
}

/** What the data-plane thread is started with. */
export interface WorkerInput {
  readonly settings: ParsedTunnelSettings;
  /** The first one is used until another is asked for. */
  readonly nodeTunnels: readonly NodeTunnelSettings[];
  readonly via: NodeTunnelSettings | undefined;
  /** Which flows go by another way than the node in use. */
  readonly ways: readonly PolicyRule[];
  /** Where the engine counts. */
  readonly udpCounters: SharedArrayBuffer;
  /** Where the client counts what its tunnels do not, laid out by `localCountersIn`. */
  readonly localCounters: SharedArrayBuffer;
  /** Where the engine notes its descriptors, to be closed by the main thread if the worker dies. */
  readonly fdLedger: SharedArrayBuffer;
}

/** From the main thread. */
export type Command =
  | { readonly type: 'close' }
  /** Adds a node tunnel, or puts it in the place of the one that has its slot. */
  | { readonly type: 'node-tunnel'; readonly nodeTunnel: NodeTunnelSettings }
  /** Flows that follow the node in use go by this node tunnel from now on. */
  | { readonly type: 'use'; readonly slot: number }
  /** Ends the session of a node tunnel that is not in use. */
  | { readonly type: 'end'; readonly slot: number }
  /** The node of a node tunnel wants tags on its packets. */
  | { readonly type: 'tag'; readonly slot: number }
  /** Asks for `flow-counts`. */
  | { readonly type: 'count-flows' }
  /** Measures the ways to all nodes now, by keepalives. */
  | { readonly type: 'measure' }
  /** The session of a node tunnel goes on, and this is agreed on for its protection. */
  | { readonly type: 'agree'; readonly slot: number; readonly terms: ProtectionTerms | undefined }
  /** Gives a path another socket, bound to the same local address or to another one. */
  | { readonly type: 'rebind'; readonly path: number; readonly local: string | undefined }
  /** The name of an ingress's game server has these addresses now, unsigned: at least one. New flows go there. */
  | { readonly type: 'server-addresses'; readonly ingress: number; readonly ips: readonly number[] }
  | FlowCommand
  | SocksCommand
  | CaptureCommand;

/** From the data-plane thread, first: all sockets are bound, and the session is asked for next. */
export interface StartedMessage {
  readonly type: 'started';
  readonly io: EngineKind;
  readonly ioReason: string;
  /** See `EngineChoice.fellBack`. */
  readonly ioFellBack: boolean;
  readonly wakeFd: number | undefined;
  /** Where the port forwards listen, in the order of the settings. */
  readonly listens: readonly Endpoint[];
  /** The local addresses of the sockets towards the node, one per path. */
  readonly locals: readonly SocketAddress[];
}

/** What happens to a node tunnel. */
export type NodeTunnelMessage =
  | { readonly type: 'event'; readonly slot: number; readonly event: TunnelEvent; readonly retryInMs: number | undefined }
  | { readonly type: 'path'; readonly slot: number; readonly path: number; readonly up: boolean }
  /** Packets with wrong tokens came in the node's name. */
  | { readonly type: 'attacked'; readonly slot: number }
  /** What is sent to the node is protected otherwise from now on: the step, and why in words. */
  | { readonly type: 'protection'; readonly slot: number; readonly step: StepName; readonly reason: string }
  /** A keepalive was answered: its sequence number, and microseconds. */
  | { readonly type: 'roundTrip'; readonly slot: number; readonly sequence: number; readonly rttUs: number };

/** Datagrams of the flows to one server that are open. */
export interface ServerCount {
  /** IPv4 address, unsigned. */
  readonly ip: number;
  readonly port: number;
  /** From programs, and to them. */
  readonly up: number;
  readonly down: number;
  /** The kernel carries some of them, which are not in these counts. */
  readonly isPartly: boolean;
}

/** From the data-plane thread. */
export type WorkerMessage =
  | StartedMessage
  | NodeTunnelMessage
  | SocksMessage
  | CaptureMessage
  | FlowMessage
  /** Instead of `started`: a socket could not be opened; the thread ends. */
  | { readonly type: 'refused'; readonly message: string; readonly mayPass: boolean }
  /** The answer to `count-flows`: of so many servers as a person looks at. */
  | { readonly type: 'flow-counts'; readonly servers: readonly ServerCount[] }
  /** A path has another socket. */
  | { readonly type: 'rebound'; readonly path: number; readonly local: SocketAddress }
  /** A path could not get another socket, and keeps the one that it has. */
  | { readonly type: 'notRebound'; readonly path: number; readonly reason: string }
  /** A game server that has several addresses is silent at one; its program goes on with the next. Unsigned; of SOCKS5 clients, too. */
  | {
      readonly type: 'server-given-up';
      readonly name: string;
      readonly port: number;
      readonly silentIp: number;
      readonly nextIp: number;
    }
  /** As many keepalives as `maxKeepalives` allows are on their way. */
  | { readonly type: 'keepalivesSent' };

/** The address by which a node is named where one is enough. */
export function preferredAddress({ ipv4, ipv6, preferred }: NodeAddresses): SocketAddress | undefined {
  return preferred === 'ipv6' ? (ipv6 ?? ipv4) : (ipv4 ?? ipv6);
}
