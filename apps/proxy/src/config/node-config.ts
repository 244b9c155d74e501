import type { ProtectionConfig } from './protection.ts';
import type { DestinationRule } from '@lightspeed/security';
import type { EgressFiltering, EgressMapping, RelayOptions } from '@lightspeed/session';
import type { Dialect, SocketAddress } from '@lightspeed/wire';
import type { PortRange } from '../base/port-range.ts';

/** The least severe level that is logged; `silent` logs nothing. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Where worker threads run; the cores of a list are distinct. */
export type CorePinning = 'off' | 'auto' | readonly number[];

/** Everything that can be set about a node, parsed: nothing past this checks it again. Made by `nodeConfig`. */
export interface NodeConfig extends ProtectionConfig {
  // [server]
  /** Name of this node, 1 to 255 bytes. */
  readonly nodeId: string;
  readonly region: string;
  /** Sessions at once, over all workers. */
  readonly maxClients: number;
  /** Sessions that one client address may hold. Each worker allows its share of it, rounded up. */
  readonly maxSessionsPerAddress: number;
  readonly maxFlowsPerSession: number;
  /** A session ends after this long without a packet in either direction. */
  readonly sessionTimeoutSecs: number;
  /** A flow ends this long after the client's last packet; until then its server is heard. */
  readonly flowTimeoutSecs: number;
  /** After its control connection is lost a session lives so long, or longer if packets flow. */
  readonly graceSecs: number;
  /** How long a node that drains waits for its registered clients to leave. */
  readonly drainSecs: number;
  /**
   * Where clients register, over QUIC, or undefined if they cannot. Port 0 lets the system choose; host `0.0.0.0` is every IPv4
   * address of the machine, `::` every address of both families.
   */
  readonly controlBind: SocketAddress | undefined;
  /** Folder in which identity and sessions are kept; undefined: a restart forgets them. */
  readonly stateDir: string | undefined;
  /** PEM files of the identity, in place of the one in `stateDir`; both or none. */
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
  /** Where clients' packets come in; the same holds for port and host. */
  readonly dataBind: SocketAddress;
  /** Local address towards game servers, unsigned; 0 lets the system choose. */
  readonly egressBind: number;
  /** Local ports towards game servers; undefined lets the system choose. */
  readonly egressPorts: PortRange | undefined;
  readonly egressMapping: EgressMapping;
  /** Whether registered clients may ask to hear others than the game servers to which they have sent. */
  readonly egressFiltering: EgressFiltering;
  /** Data-plane threads. */
  readonly workers: number;
  readonly io: 'auto' | 'batch' | 'portable';
  /** Processors for the workers, in their order: the system's choice from time to time, ours, or these. */
  readonly pin: CorePinning;
  /** How long a worker looks for datagrams without sleeping before it sleeps, in microseconds; 0 for not at all. */
  readonly busyPollUs: number;
  readonly dialect: Dialect;
  /** Payloads too long for a usual packet: leave them to IP fragmentation, or drop them. */
  readonly oversize: 'fragment' | 'drop';

  // [security]
  /** False lets in whoever sends a HANDSHAKE. */
  readonly requireAuth: boolean;
  /** Who may register: anybody, who has a ticket of one of `issuerKeys`, or nobody as long as neither was asked for. */
  readonly registration: 'anyone' | 'tickets' | 'nobody';
  /** Public keys of 32 bytes. */
  readonly issuerKeys: readonly Uint8Array[];
  /** File with the ids of tickets that do not count any more; read again when it changes. */
  readonly revocationList: string | undefined;
  /** Consent to `requireAuth = false` where others than this machine can reach the node. */
  readonly allowOpen: boolean;
  /** Which sessions of registered clients tag their packets: none, those that are attacked, or all whose clients can. */
  readonly tags: RelayOptions['tags'];
  /** Of an open node: bytes to an address that has shown the token and answered no challenge, per byte from it. */
  readonly openRatio: number;
  /** New destinations per client in 10 s. */
  readonly maxDestinationsPerWindow: number;
  readonly banDurationSecs: number;
  readonly allowDestinations: readonly DestinationRule[];
  /** Relay to nothing but `allowDestinations`. */
  readonly onlyAllowedDestinations: boolean;
  readonly denyDestinations: readonly DestinationRule[];

  // [rate_limit]
  readonly maxPpsPerClient: number;
  readonly maxBpsPerClient: number;
  /** Control connections at once. */
  readonly maxConnections: number;
  /** Of them from one address. */
  readonly maxConnectionsPerAddress: number;

  // [probes]
  /** Whether clients may have the node measure round trips to game servers. */
  readonly probesEnabled: boolean;
  /** Different game servers for which a ticket may ask within ten minutes. */
  readonly probeTargets: number;
  /** Probes for all clients together. */
  readonly probesPerSecond: number;

  // [metrics]
  /** Whether GET /metrics answers. */
  readonly metricsEnabled: boolean;
  /** How often a line with the totals is logged; 0 for never. */
  readonly metricsIntervalSecs: number;

  // [http]
  /** Where GET /health and GET /metrics answer, or undefined if they do not. Port 0 lets the system choose. */
  readonly httpBind: SocketAddress | undefined;

  // [log]
  readonly logLevel: LogLevel;
  /** Undefined: pretty on a terminal, else json. */
  readonly logFormat: 'pretty' | 'json' | undefined;
}
