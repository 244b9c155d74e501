import { GROUP_SIZE_LIMITS } from '@lightspeed/fec';
import { DEFAULT_TUNNEL_OPTIONS, MAX_PATHS, MULTIPATH_MODES, formatProtect } from '@lightspeed/session';
import type { MultipathMode, Protect, ProtectionSettings } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import { DIALECTS, formatSocketAddress } from '@lightspeed/wire';
import type { Dialect, Endpoint, SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { invalid, requireInteger, requireOneOf } from './checks.ts';
import { requireAddress, requireSocketAddress } from './addresses.ts';
import { checkSocks, parseIngresses } from './ingress-settings.ts';
import type { IngressSettings, SocksSettings } from './ingress-settings.ts';
import { MAX_ACTIVE_NODES, parseRegisterSettings } from './register-settings.ts';
import type { ParsedRegisterSettings, RegisterSettings } from './register-settings.ts';
import { parseProtectSettings } from './protection-settings.ts';
import type { ParsedProtect, ProtectSettings } from './protection-settings.ts';
import { parseWayRules } from './way-settings.ts';
import type { ParsedWayRule, WayRule } from './way-settings.ts';

/** What a tunnel is to do. Whatever is left out has the default of `DEFAULT_TUNNEL_SETTINGS`. */
export interface TunnelSettings extends ProtectSettings {
  /**
   * The data plane of a node that lets everybody in, or of which `token` is known: a name or an address, and the port. Of a
   * name with addresses of both families, IPv6 is asked first, and IPv4 after 250 ms. In dialect `reference` no node answers:
   * there, IPv4 is used, or the family of `source`. Not with `register`.
   */
  readonly node?: SocketAddress | undefined;
  /** Registers with one or more nodes over their control connections first, which say where their data planes are. */
  readonly register?: RegisterSettings | undefined;
  /** Local UDP ports, each of which stands for a game server. Default: none. */
  readonly ingresses?: readonly IngressSettings[];
  /** A SOCKS5 server, by which programs name their game servers themselves. Default: none. */
  readonly socks?: SocksSettings | undefined;
  /** What the privileged helper catches: the descriptor of the socket that it comes to. Batch engine only. Default: nothing. */
  readonly capture?: CaptureSettings | undefined;
  /**
   * Tells of flows for which no rule of `ways` has a way, by the event `flow`. `decided`: their datagrams wait until `setFlowWay` says the
   * way, for 200 ms at most, and then go directly. `told`: they go by the node in use. Default: it does not tell.
   */
  readonly flowsTold?: 'decided' | 'told' | undefined;
  /** Which game servers are not reached by the node in use. Default: none. */
  readonly ways?: readonly WayRule[];
  /**
   * Data packets per parity packet, 1 to 32 (dialect `reference`: 2 to 16); 0 sends without FEC. Without `protect` that is all the
   * protection that there is.
   */
  readonly fecGroupSize?: number | undefined;
  readonly dialect?: Dialect;
  /** The token of a registration, 1 to 255; 0 without one. */
  readonly token?: number;
  /** The local address from which to talk to the node, of either family; without it the system chooses by its routes. */
  readonly source?: string | undefined;
  /** Local addresses of further paths to the node, besides that of `source`; they need `register`. */
  readonly paths?: readonly string[] | undefined;
  /** How to use several paths. */
  readonly multipath?: MultipathMode;
  /** How to do I/O: `auto` takes batched system calls where they work, and node:dgram on other machines. */
  readonly io?: 'auto' | EngineKind;
  /** Default: what the node wants, or 5,000. */
  readonly keepaliveMs?: number | undefined;
  /** So many keepalives in a row without an answer, and the node counts as lost. */
  readonly maxKeepaliveMisses?: number;
  /** So many keepalives in all, for measurements; 0 is no limit. */
  readonly maxKeepalives?: number;
  /**
   * `endpoint-independent` asks the node to let others through than the game servers to which programs have sent. Some
   * servers answer from another port. It needs `register`, and an operator who allows it.
   */
  readonly egressFiltering?: 'address-and-port-dependent' | 'endpoint-independent';
  /** A flow ends after so many seconds without a datagram in either direction. */
  readonly flowTimeoutSecs?: number;
  /** What to do with a payload that does not fit a usual packet: leave it to IP fragmentation, or drop it. */
  readonly oversize?: 'fragment' | 'drop';
  /** Whether to ask for a new session, with growing pauses, when the node ends the session. */
  readonly reopen?: boolean;
}

/** A capture that has begun. */
export interface CaptureSettings {
  /** It stays its owner's to close. */
  readonly fd: number;
  /** Datagrams to this address are a trial: they come back. IPv4, as an unsigned number. */
  readonly trial: Endpoint;
}

type Optional = 'source' | 'keepaliveMs' | 'socks' | 'capture' | 'flowsTold';
type Protecting = keyof ProtectSettings | 'fecGroupSize';

/** {@link TunnelSettings} with nothing left out and nothing left to check. */
export type ParsedTunnelSettings = Readonly<Required<Omit<TunnelSettings, Optional | Protecting | 'node' | 'register' | 'ways'>>> &
  Pick<TunnelSettings, Optional> &
  ParsedProtect & { readonly ways: readonly ParsedWayRule[] };

/** The parts of {@link TunnelSettings} after parsing: how the data plane works, and where it gets its nodes from. */
export interface ParsedTunnel {
  readonly settings: ParsedTunnelSettings;
  readonly source:
    { readonly kind: 'node'; readonly node: SocketAddress } | { readonly kind: 'register'; readonly register: ParsedRegisterSettings };
}

/** What a tunnel does unless told otherwise. */
export const DEFAULT_TUNNEL_SETTINGS = Object.freeze({
  dialect: DEFAULT_TUNNEL_OPTIONS.dialect,
  token: DEFAULT_TUNNEL_OPTIONS.token,
  ingresses: Object.freeze([]),
  ways: Object.freeze([]),
  paths: Object.freeze([]),
  multipath: DEFAULT_TUNNEL_OPTIONS.multipath,
  io: 'auto',
  keepaliveMs: DEFAULT_TUNNEL_OPTIONS.keepaliveMs,
  maxKeepaliveMisses: DEFAULT_TUNNEL_OPTIONS.maxKeepaliveMisses,
  maxKeepalives: 0,
  egressFiltering: 'address-and-port-dependent',
  flowTimeoutSecs: DEFAULT_TUNNEL_OPTIONS.flowTimeoutMs / 1_000,
  oversize: DEFAULT_TUNNEL_OPTIONS.oversize,
  reopen: true,
} satisfies Partial<TunnelSettings>);

/** The pauses between keepalives that make sense: answers to older than the last 16 are not recognised. */
export const KEEPALIVE_MS_LIMITS = { min: 50, max: 240_000 } as const;
/** Who is heard besides the game servers to which programs have sent: nobody, or anybody. */
export const EGRESS_FILTERINGS = ['address-and-port-dependent', 'endpoint-independent'] as const;
const MOST_KEEPALIVES = 1_000_000;
/** Longest time that wrapping 32-bit milliseconds can tell from one that has passed. */
export const MAX_FLOW_TIMEOUT_SECS = 2_147_483;

/**
 * Fills in the defaults and checks everything once.
 * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` with what was got and what is allowed.
 */
export function parseTunnelSettings(settings: TunnelSettings): ParsedTunnel {
  const { node, register, keepaliveMs, source: from, fecGroupSize, protect, deadlineMs, budget, budgetKbps, hints, ...given } = settings;
  const parsed = { ...DEFAULT_TUNNEL_SETTINGS, ...withoutUndefined(given) };
  requireOneOf('dialect', parsed.dialect, DIALECTS);
  requireOneOf('io', parsed.io, ['auto', 'batch', 'portable']);
  if (parsed.flowsTold !== undefined) requireOneOf('flowsTold', parsed.flowsTold, ['decided', 'told']);
  requireOneOf('oversize', parsed.oversize, ['fragment', 'drop']);
  requireOneOf('egressFiltering', parsed.egressFiltering, EGRESS_FILTERINGS);
  requireOneOf('multipath', parsed.multipath, MULTIPATH_MODES);
  const localSource = from === undefined ? undefined : requireAddress('source', from);
  const paths = parsed.paths.map((address, index) => requireAddress(`paths[${index}]`, address));
  requireInteger('token', parsed.token, 0, 255);
  if (keepaliveMs !== undefined) requireKeepaliveMs(keepaliveMs);
  requireInteger('maxKeepaliveMisses', parsed.maxKeepaliveMisses, 1, MOST_KEEPALIVES);
  requireInteger('maxKeepalives', parsed.maxKeepalives, 0, MOST_KEEPALIVES);
  requireInteger('flowTimeoutSecs', parsed.flowTimeoutSecs, 1, MAX_FLOW_TIMEOUT_SECS);
  const protecting = parseProtectSettings({ protect, deadlineMs, budget, budgetKbps, hints }, fecGroupSize);
  requireProtection(protect, protecting.fecGroupSize, parsed.dialect);
  if (parsed.socks !== undefined) checkSocks(parsed.socks);
  const anySource = parsed.egressFiltering === 'endpoint-independent';
  const source = parseSource(node, register, parsed.dialect, anySource, protecting.protection);
  const via = source.kind === 'register' && source.register.via !== undefined;
  requireInteger('the number of paths', 1 + paths.length + (via ? 1 : 0), 1, MAX_PATHS);
  if (source.kind === 'node' && paths.length > 0) {
    throw new ClientError('ERR_CLIENT_INVALID_SETTING', 'further paths need a registration: give `register`, not `node`');
  }
  const ways = parseWayRules(parsed.ways, nodeNames(source));
  const ingresses = parseIngresses(parsed.ingresses, ways);
  requireInteger('the number of nodes in ways', new Set(ways.flatMap(({ node }) => node ?? [])).size, 0, MAX_ACTIVE_NODES);
  return { settings: Object.freeze({ ...parsed, ...protecting, ingresses, ways, paths, keepaliveMs, source: localSource }), source };
}

function nodeNames(source: ParsedTunnel['source']): string[] {
  return source.kind === 'node' ? [formatSocketAddress(source.node)] : source.register.nodes.map(({ name }) => name);
}

function parseSource(
  node: SocketAddress | undefined,
  register: RegisterSettings | undefined,
  dialect: Dialect,
  anySource: boolean,
  protection: ProtectionSettings | undefined,
): ParsedTunnel['source'] {
  if (anySource && (register === undefined || dialect === 'reference')) {
    throw invalid(
      'egressFiltering',
      'endpoint-independent',
      'that only with a registration in dialect standard, by which the node is asked for it',
    );
  }
  if (register !== undefined && node === undefined) {
    return { kind: 'register', register: parseRegisterSettings(register, dialect, anySource, protection) };
  }
  if (node === undefined || register !== undefined) {
    throw new ClientError('ERR_CLIENT_INVALID_SETTING', 'a tunnel needs either `node` or `register`');
  }
  return { kind: 'node', node: requireSocketAddress('node', node) };
}

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` unless it is a pause between keepalives that makes sense. */
function requireKeepaliveMs(keepaliveMs: number): void {
  requireInteger('keepaliveMs', keepaliveMs, KEEPALIVE_MS_LIMITS.min, KEEPALIVE_MS_LIMITS.max);
}

/** @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` unless the dialect may send groups of that size; 0 is none. */
function requireProtection(protect: Protect | undefined, size: number, dialect: Dialect): void {
  const { min, max } = GROUP_SIZE_LIMITS[dialect];
  const isOfBlocks = protect?.kind === 'repeat' || protect?.kind === 'xor' || protect?.kind === 'request';
  const isOutside = protect?.kind === 'groups' && (protect.size < min || protect.size > max);
  if ((isOfBlocks && dialect === 'reference') || isOutside) {
    throw invalid('protect', formatProtect(protect), `auto, off or groups:K (${min} to ${max}) in dialect ${dialect}`);
  }
  if (size === 0 || (Number.isInteger(size) && size >= min && size <= max)) return;
  throw invalid('fecGroupSize', size, `0 (off) or a whole number from ${min} to ${max} in dialect ${dialect}`);
}

function withoutUndefined<T extends object>(settings: T): T {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}
