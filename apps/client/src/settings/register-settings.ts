import type { ProtectionTerms } from '@lightspeed/session';
import type { QuicMode, Verification } from '@lightspeed/control/quic';
import { formatSocketAddress } from '@lightspeed/wire';
import type { Dialect } from '@lightspeed/wire';
import { requireNodeHost } from './addresses.ts';
import { invalid, requireInteger } from './checks.ts';
import type { SessionStore } from './session-store.ts';

/** The port of nodes' control planes unless they say otherwise. */
export const DEFAULT_CONTROL_PORT = 4433;
/** The port of the data plane of a node that does not name it. */
const DEFAULT_DATA_PORT = 4434;
/** Most nodes to choose from. */
export const MAX_NODES = 64;
/** Most nodes that a client registers with at once. More would only cost keepalives. */
export const MAX_ACTIVE_NODES = 4;

/** A node as its control plane is reached. */
export interface NodeSettings {
  /** A name, or an address of either family. */
  readonly host: string;
  /** Of the control plane. Default 4433. */
  readonly port?: number | undefined;
  /** Of the data plane, for nodes that do not name it, as those of the Rust implementation do not. Default 4434. */
  readonly dataPort?: number | undefined;
  /** How to make sure that it is the node that is meant. Default: a certificate of an authority that the system trusts. */
  readonly verify?: Verification | undefined;
  /** The ticket for this node, in place of that for all of them. */
  readonly ticket?: Uint8Array | undefined;
}

/** With whom to register, and as who. */
export interface RegisterSettings {
  /**
   * One to 64 nodes. The client registers with up to four of them: the best of these is used, the others are kept ready. The
   * rest step in, in their order, where one of the four refuses or is lost.
   */
  readonly nodes: readonly NodeSettings[];
  /** A node through which one more path leads to the others. */
  readonly via?: NodeSettings | undefined;
  /** What a node's operator gave out, in bytes (`parseTicket` of @lightspeed/security). */
  readonly ticket?: Uint8Array | undefined;
  /** Which game is played; 0, the default, does not say. */
  readonly gameId?: number;
  /** Which form of the QUIC library to use. Default `auto`. */
  readonly quic?: QuicMode;
  /** Pause between two Pings on the control connection, 50 to 600,000 ms. Default 120,000. */
  readonly pingMs?: number;
  /** Keeps sessions, so that the next run goes on with them. Default: none are kept. */
  readonly sessions?: SessionStore | undefined;
}

/** A node's settings with defaults in place, and the name that reports use. */
export type ParsedNodeSettings = Readonly<Required<Omit<NodeSettings, 'ticket'>>> & {
  readonly ticket: Uint8Array | undefined;
  /** `HOST:PORT`. */
  readonly name: string;
  /** In place of those that the host's name stands for: at most one of each family. */
  readonly addresses?: { readonly ipv4: string | undefined; readonly ipv6: string | undefined };
};

/** {@link RegisterSettings} with nothing left out and nothing left to check. */
export interface ParsedRegisterSettings {
  readonly nodes: readonly ParsedNodeSettings[];
  readonly via: ParsedNodeSettings | undefined;
  readonly gameId: number;
  readonly quic: QuicMode;
  readonly pingMs: number;
  readonly sessions: SessionStore | undefined;
  readonly dialect: Dialect;
  /** Whether to ask the nodes to let others through than the game servers to which programs have sent. */
  readonly anySource: boolean;
  /** What to say that we know of protection; undefined for nothing. */
  readonly protection: ProtectionTerms | undefined;
}

/** They measure, and show that the node’s own thread still answers; QUIC's keepalives do the rest and cost a node less. */
const DEFAULT_PING_MS = 120_000;

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` with what was got and what is allowed. */
export function parseRegisterSettings(
  settings: RegisterSettings,
  dialect: Dialect,
  anySource = false,
  protection?: ProtectionTerms,
): ParsedRegisterSettings {
  const { nodes, via, ticket, gameId = 0, quic = 'auto', pingMs = DEFAULT_PING_MS, sessions } = settings;
  if (nodes.length < 1 || nodes.length > MAX_NODES) throw invalid('register.nodes', nodes.length, `1 to ${MAX_NODES} nodes`);
  requireInteger('register.gameId', gameId, 0, 255);
  requireInteger('register.pingMs', pingMs, 50, 600_000);
  const parsed = nodes.map((node, index) => parseNode(node, ticket, `register.nodes[${index}]`));
  const names = new Set(parsed.map(({ name }) => name));
  if (names.size < parsed.length) throw invalid('register.nodes', parsed.map(({ name }) => name).join(', '), 'each node once');
  const viaNode = via === undefined ? undefined : parseNode(via, ticket, 'register.via');
  if (viaNode !== undefined && names.has(viaNode.name)) throw invalid('register.via', viaNode.name, 'a node that is not used itself');
  const hasTicket = [...parsed, viaNode].some((node) => node?.ticket !== undefined);
  if (dialect === 'reference' && hasTicket) {
    throw invalid('register.ticket', 'given', 'none in dialect reference, which cannot carry it');
  }
  return { nodes: parsed, via: viaNode, gameId, quic, pingMs, sessions, dialect, anySource, protection };
}

function parseNode(node: NodeSettings, ticketOfAll: Uint8Array | undefined, where: string): ParsedNodeSettings {
  const { host, port = DEFAULT_CONTROL_PORT, dataPort = DEFAULT_DATA_PORT, verify = { kind: 'system' }, ticket = ticketOfAll } = node;
  const address = requireNodeHost(`${where}.host`, host);
  requireInteger(`${where}.port`, port, 1, 0xffff);
  requireInteger(`${where}.dataPort`, dataPort, 1, 0xffff);
  const canonical = { host: address, port };
  return { ...canonical, dataPort, verify, ticket, name: formatSocketAddress(canonical) };
}
