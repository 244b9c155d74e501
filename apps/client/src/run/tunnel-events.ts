import type { EventEmitter } from 'node:events';
import type { RefusedDestination } from '@lightspeed/control';
import type { StepName } from '@lightspeed/session';
import type { SocketAddress } from '@lightspeed/wire';
import type { ClientError } from '../base/errors.ts';
import type { ControlState } from '../control/fleet.ts';
import type { NodeStatus } from '../control/fleet-node.ts';
import type { MoveReason } from '../control/node-choice.ts';
import type { NodeTunnelMessage, ServerCount } from '../tunnel/messages.ts';
import type { FlowMessage } from '../way/flow-messages.ts';
import type { CaptureEvent } from '../ingress/transparent/messages.ts';

/** What happens to a tunnel, and what its listeners are given. */
export interface TunnelEvents {
  /** The node has answered: the session is open. Also after it was lost, and after the node had ended it. */
  established: [];
  /** Too many keepalives in a row were not answered, and no other node answers. The tunnel goes on trying. */
  lost: [];
  /** The node has ended the session; a new one is asked for after so many milliseconds, or never if undefined. */
  'ended-by-node': [retryInMs: number | undefined];
  /** A keepalive was answered: milliseconds, and its sequence number. */
  roundTrip: [rttMs: number, sequence: number];
  /** What is sent to the node in use is protected from loss otherwise from now on: how, and why in words. */
  protection: [step: StepName, reason: string];
  /** Data goes by another node from now on, and why. What the last one still sends is delivered. */
  moved: [node: NodeStatus, why: MoveReason];
  /** A node will stop in so many milliseconds. */
  draining: [node: NodeStatus, ms: number];
  /** Something has happened to a node's control connection: which may be lost without the data plane being so. */
  control: [node: NodeStatus, state: ControlState, text: string];
  /** A node does not relay to a game server, as it says; told once for each game server and reason. */
  destinationRefused: [node: NodeStatus, destination: RefusedDestination];
  /** A path to the node in use has begun (true) or ceased to work. */
  path: [path: number, up: boolean];
  /** A path is sent from another local address or port now. */
  rebound: [path: number, local: SocketAddress];
  /** A path could not get another socket and keeps the one that it has. */
  notRebound: [path: number, reason: string];
  /** Something about clients of the SOCKS5 server, or about the game servers that they name. */
  socks: [text: string];
  /** A game server's name leads to another address, or the server does not answer at one of its addresses. */
  gameServer: [text: string];
  /** Something has to be done about a flow that was caught. */
  capture: [event: CaptureEvent];
  /** A flow has opened, was answered or has ended for which no rule has a way; see `TunnelSettings.flowsTold`. */
  flow: [message: FlowMessage];
  /** How many datagrams the flows to each server have carried, see `RunningTunnel.countFlows`. */
  flowCounts: [servers: readonly ServerCount[]];
  /** As many keepalives were sent as `maxKeepalives` allows. */
  keepalivesSent: [];
  /** The data-plane thread ended by itself, or no node takes the ticket any more: the tunnel is dead. */
  failed: [error: ClientError];
  /** The tunnel is closed and its sockets are gone. */
  closed: [];
}

/**
 * Tells what happens to the node tunnel in use.
 * @returns whether its node has answered: `established` is left to the caller.
 */
export function emitNodeTunnelEvent(tunnel: EventEmitter<TunnelEvents>, message: NodeTunnelMessage): boolean {
  if (message.type === 'path') tunnel.emit('path', message.path, message.up);
  else if (message.type === 'roundTrip') tunnel.emit('roundTrip', message.rttUs / 1_000, message.sequence);
  else if (message.type === 'protection') tunnel.emit('protection', message.step, message.reason);
  else if (message.type === 'event' && message.event === 'lost') tunnel.emit('lost');
  else if (message.type === 'event' && message.event === 'ended-by-node') tunnel.emit('ended-by-node', message.retryInMs);
  return message.type === 'event' && message.event === 'established';
}
