import type { DestinationRule, ProofNoncesState } from '@lightspeed/security';
import type { RefusedAccount, Registration, RelayLimits, RelayOptions, SessionReport, StepName } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { AddressHandle, Microseconds, Milliseconds, Port } from '@lightspeed/wire';
import type { PortRange } from '../base/port-range.ts';
import type { Chunks } from './chunks.ts';

/** The addresses of a prefix are kept out from now on: an IPv4 address is (0, its bits), an IPv6 address its /64. */
export interface Ban {
  readonly prefixHigh: number;
  readonly prefixLow: number;
  readonly durationMs: Milliseconds;
}

/** A client that the control plane has let in. There may be very many of them, in this thread and in every worker. */
export interface RegisteredClient extends Omit<Registration, 'secret'> {
  /** Its 16 bytes in hexadecimal: an array of so few bytes takes ten times their room, more after it was posted. */
  readonly secretHex: string | undefined;
  /** Its place in the memory of the workers' claims. */
  readonly index: number;
}

/** Where clients may send, as the operator wants it. */
export interface DestinationRules {
  readonly allow: readonly DestinationRule[];
  readonly onlyAllowed: boolean;
  readonly deny: readonly DestinationRule[];
}

/** What a worker is given at its start, as `workerData`. */
export interface WorkerStart {
  /** Its place among the workers, from 0: the same for its successor after a crash. */
  readonly index: number;
  /** How many there are. */
  readonly workers: number;
  readonly engine: EngineKind;
  /** The processor that it keeps to; undefined for any. */
  readonly core?: number | undefined;
  /** How long it looks for datagrams before it sleeps; 0 unless it is given. */
  readonly busyPollUs?: Microseconds;
  readonly relay: RelayOptions;
  readonly policy: DestinationRules & {
    /** Ports of the node itself, to which nothing is relayed on this machine. */
    readonly ownPorts: readonly number[];
    /** The machine's IPv4 addresses, unsigned. */
    readonly ownAddresses: readonly number[];
  };
  /** What addresses are asked with whether they receive: 32 bytes, the same for all workers. */
  readonly challengeKey: Uint8Array;
  readonly data: DataSocketStart;
  readonly egress: {
    /** Unsigned, 0 for every address. */
    readonly ip: AddressHandle;
    /** This worker's own part of the ports; undefined lets the system choose. */
    readonly ports: PortRange | undefined;
    readonly bufferBytes: number;
  };
  /** Bans that hold already. */
  readonly bans: readonly Ban[];
  readonly registrations: Chunks<RegisteredClient>;
  /** Sessions of these registrations that go on here if nobody else has them: what `SnapshotRecords` gives. */
  readonly snapshots: Int32Array[];
  /** For the FecMemory of its relay. */
  readonly fecBlocks: number;
  readonly shared: WorkerMemory;
}

/** Memory that a worker writes and the main thread reads. */
export interface WorkerMemory {
  /** Laid out by `relayCountersIn`. */
  readonly relayCounters: SharedArrayBuffer;
  /** Laid out by `UdpCounters`. */
  readonly udpCounters: SharedArrayBuffer;
  /** Sessions per worker, see SharedSessionQuota. Common to all workers. */
  readonly sessions: SharedArrayBuffer;
  /** Which worker has which registration's session, see SharedSessionClaims. Common to all workers. */
  readonly claims: SharedArrayBuffer;
  /** What limits count for registrations, see SessionLimits of @lightspeed/session. Common to all workers. */
  readonly limits: SharedArrayBuffer;
  /** Descriptors that the worker has open. Batch engine only. */
  readonly fdLedger: SharedArrayBuffer | undefined;
}

/** Which data socket a worker binds or adopts. */
export interface DataSocketStart {
  /** A descriptor to adopt; undefined where the worker opens its own. */
  readonly fd: number | undefined;
  /** Descriptors to adopt of sockets on the machine's addresses at the same port, one each; none where `address` is one address. */
  readonly ownFds: readonly number[];
  /** As text: handles mean something in their own thread only. `0.0.0.0` is every IPv4 address, `::` every address. */
  readonly address: string;
  readonly port: Port;
  readonly reusePort: boolean;
  readonly bufferBytes: number;
}

/** Of which sessions of registrations snapshots are taken: of all, or of those of which a restart must know more than before. */
export type SnapshotScope = 'all' | 'changed';

/** Some of the sessions that a worker was asked for; it has told of all of them when the last part has come. */
export interface SnapshotPart {
  /** What `SnapshotRecords` of @lightspeed/session gives; maybe nothing. */
  readonly records: Int32Array;
  readonly scope: SnapshotScope;
  readonly isLast: boolean;
}

/** What is to be written down of a session. */
export type WorkerWord = Extract<FromWorker, { type: 'protection' | 'over-share' }>;

/** What becomes of the session of a registration. */
export type SessionNews = Extract<ToWorker, { type: 'tag' | 'agree' | 'asked' }>;

/** From the main thread to a worker. */
export type ToWorker =
  /** Another worker banned an address. */
  | ({ readonly type: 'ban' } & Ban)
  /** Answer with `registered`. */
  | { readonly type: 'register'; readonly request: number; readonly client: RegisteredClient }
  /** Ends the registration, and its session with a FIN. */
  | { readonly type: 'unregister'; readonly sessionId: number }
  /** Gives the session of a registration tags, if it is here. */
  | { readonly type: 'tag'; readonly sessionId: number }
  /** The client of a registration has had the node measure a game server that is new to it. */
  | { readonly type: 'asked'; readonly sessionId: number }
  | { readonly type: 'agree'; readonly sessionId: number; readonly terms: number }
  /** Another worker had the session of a registration, and accepted these proofs. */
  | { readonly type: 'nonces'; readonly sessionId: number; readonly nonces: ProofNoncesState }
  /** Where the workers' forwarding sockets are now, by worker; 0 for one that is down. */
  | { readonly type: 'peers'; readonly ports: readonly number[] }
  /** Answer with `snapshots`, in as many parts as it takes. */
  | { readonly type: 'snapshot'; readonly request: number; readonly scope: SnapshotScope }
  /** Answer with `idle`. */
  | { readonly type: 'idle'; readonly request: number; readonly sessionIds: readonly number[] }
  /** The machine's IPv4 addresses have changed. */
  | { readonly type: 'own-addresses'; readonly ips: readonly number[] }
  /** The operator has other limits, and other rules for destinations. */
  | { readonly type: 'limits'; readonly limits: RelayLimits; readonly rules: DestinationRules }
  /** There are more sockets on the machine's addresses: all of this worker, those included that it has. */
  | { readonly type: 'own-sockets'; readonly fds: readonly number[] }
  /** Say goodbye to every client, then end the thread. */
  | { readonly type: 'stop' }
  /** Send snapshots of all sessions of registrations, then end the thread without a word to clients. */
  | { readonly type: 'suspend' }
  /** End as a fault in the packet path would: for tests of what happens then. */
  | { readonly type: 'crash' };

/** From a worker to the main thread. */
export type FromWorker =
  /** The port is open. */
  | {
      readonly type: 'serving';
      readonly wakeFd: number | undefined;
      readonly receiveBufferBytes: number;
      readonly sendBufferBytes: number;
      /** Where other workers hand datagrams over; 0 for a worker that is alone. */
      readonly forwardingPort: Port;
    }
  | { readonly type: 'registered'; readonly request: number }
  /** The session of a registration is over here; these proofs of it were accepted. */
  | { readonly type: 'released'; readonly sessionId: number; readonly nonces: ProofNoncesState }
  /** `request` is -1 for those of a worker that is suspended. */
  | { readonly type: 'snapshots'; readonly request: number; readonly part: SnapshotPart }
  /** For how long clients have sent nothing, in the order in which they were asked for; -1 for those whose sessions are not here. */
  | { readonly type: 'idle'; readonly request: number; readonly idleMs: readonly number[] }
  | ({ readonly type: 'banned' } & Ban)
  /** A registered client has opened new destinations for as long as earns a ban. */
  | { readonly type: 'misused'; readonly sessionId: number }
  /** What is sent to a client is protected otherwise. The main thread writes it down at level debug. */
  | { readonly type: 'protection'; readonly sessionId: number | undefined; readonly step: StepName; readonly reason: string }
  /** A session was refused a socket because its account has its share. */
  | { readonly type: 'over-share'; readonly who: RefusedAccount }
  /** How the packets of sessions fare: their clients are to be told. */
  | { readonly type: 'reports'; readonly reports: readonly SessionReport[] }
  /** The packets of a session are to have tags: its client must be told. */
  | { readonly type: 'tagging'; readonly sessionId: number }
  /** Packets with wrong tokens or tags come in the name of a session's client. */
  | { readonly type: 'attacked'; readonly sessionId: number };
