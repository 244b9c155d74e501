import type { FecMemory } from '@lightspeed/fec';
import type { DestinationPolicy, HmacSha256 } from '@lightspeed/security';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Dialect, EgressId, Milliseconds, Port } from '@lightspeed/wire';
import { MAX_BUDGET_PERCENT, MAX_DEADLINE_MS } from '../protection/agreed/protection-terms.ts';
import { DEFAULT_PROTECTION } from '../protection/agreed/protection-settings.ts';
import type { ProtectionSettings } from '../protection/agreed/protection-settings.ts';
import type { StepName } from '../protection/loop/protection-step.ts';
import type { CarriedFlow, CarriedLimits } from './carried-flow.ts';
import type { ClientAddress } from './client-address.ts';
import type { AddressPrefix } from './address-prefix.ts';
import type { Registration } from './registration-table.ts';
import type { RelayCounters } from './relay-counters.ts';
import type { SessionReport } from './session-report.ts';

/** Who may open a session (docs/protocol.md, Sessions). */
export type Admission =
  /** Anybody who sends a HANDSHAKE. */
  | 'open'
  /** Only who was registered before, with the registration's token. */
  | 'registered';

/** How egress sockets are given to flows. */
export type EgressMapping =
  /** A socket serves all flows that go to different servers: few sockets, large batches. */
  | 'shared'
  /** Each local source of a session has its own socket: one public address for all peers (RFC 4787, 4.1). */
  | 'endpoint-independent';

/** Whom clients hear besides the game servers to which they have sent (RFC 4787, 5). */
export type EgressFiltering =
  /** Nobody. */
  | 'address-and-port-dependent'
  /** Clients that ask for it hear whoever sends to their public addresses, and have sockets of their own for that. */
  | 'endpoint-independent';

/** Limits and rules of a relay. Times in milliseconds, rates per second. */
export interface RelayOptions {
  readonly admission: Admission;
  /** Dialect of sessions that no registration has settled. */
  readonly dialect: Dialect;
  readonly maxClients: number;
  readonly maxSessionsPerAddress: number;
  readonly maxFlowsPerSession: number;
  /** A session ends after this long without a packet in either direction. */
  readonly sessionTimeoutMs: Milliseconds;
  /**
   * A flow ends this long after the client's last packet, and no sooner unless something is short: the server is heard so long. RFC
   * 4787, REQ-5, wants two minutes at least.
   */
  readonly flowTimeoutMs: Milliseconds;
  readonly maxPpsPerClient: number;
  readonly maxBpsPerClient: number;
  /** Coarse limit for addresses without a session, shared by those whose hash is equal. */
  readonly maxPpsPerUnboundAddress: number;
  /**
   * Admission `open`: bytes to a client per byte from it, on the wire, once it has shown the token. Who answers a challenge has no
   * such limit, and who has shown nothing gets three times what came.
   */
  readonly openRatio: number;
  readonly maxDestinationsPerWindow: number;
  readonly destinationWindowMs: Milliseconds;
  /** So many windows in a row with refused destinations end in a ban. */
  readonly fullWindowsToBan: number;
  readonly banDurationMs: Milliseconds;
  /** What to do with a payload that does not fit a usual packet: leave it to IP fragmentation, or drop it. */
  readonly oversize: 'fragment' | 'drop';
  readonly egressMapping: EgressMapping;
  readonly egressFiltering: EgressFiltering;
  /** Egress sockets that there are at the most. Of these no account may have more than are free. Infinity: the driver says when none is left. */
  readonly maxEgressSockets: number;
  /** Which sessions of registrations tag their packets, as far as their clients can (docs/protocol.md, Packet tags). */
  readonly tags: 'off' | 'auto' | 'always';
  /**
   * How sessions are protected from loss whose clients know blocks, by `ProtectionTerms.profile`; undefined for those that are not to
   * be. The first one is for all of whom nothing else is said.
   */
  readonly protections: readonly (ProtectionSettings | undefined)[];
}

/** What of a relay's options may change while it runs, see `Relay.setLimits`. */
export type RelayLimits = Pick<
  RelayOptions,
  | 'maxFlowsPerSession'
  | 'sessionTimeoutMs'
  | 'flowTimeoutMs'
  | 'maxPpsPerClient'
  | 'maxBpsPerClient'
  | 'openRatio'
  | 'maxDestinationsPerWindow'
  | 'banDurationMs'
  | 'oversize'
>;

/** The defaults that docs/operating.md lists. */
export const DEFAULT_RELAY_OPTIONS: RelayOptions = Object.freeze({
  admission: 'registered',
  dialect: 'standard',
  maxClients: 10_000,
  maxSessionsPerAddress: 1_000,
  maxFlowsPerSession: 64,
  sessionTimeoutMs: 300_000,
  flowTimeoutMs: 120_000,
  maxPpsPerClient: 1_000,
  maxBpsPerClient: 1_000_000,
  maxPpsPerUnboundAddress: 1_000,
  openRatio: 8,
  maxDestinationsPerWindow: 10,
  destinationWindowMs: 10_000,
  fullWindowsToBan: 3,
  banDurationMs: 3_600_000,
  oversize: 'fragment',
  egressMapping: 'shared',
  egressFiltering: 'address-and-port-dependent',
  maxEgressSockets: Infinity,
  tags: 'auto',
  protections: Object.freeze([{ ...DEFAULT_PROTECTION, deadlineMs: MAX_DEADLINE_MS, budgetPercent: MAX_BUDGET_PERCENT }]),
});

/** A number of sessions that several relays may share. */
export interface SessionQuota {
  /** Takes one. @returns false if none is left. */
  take(): boolean;
  /** Gives one back. */
  give(): void;
}

/**
 * Which of the relays that share a port has a registration's session: the one that took it first. A client's datagrams
 * may come to any of them, above all when its address has changed.
 */
export interface SessionClaims {
  /** Claims the session of a registration. @returns the relay that has it: OWN_CLAIM if it is this one, else its number. */
  claim(registration: ClaimedRegistration): number;
  /** A true proof of the registration was seen: its token alone opens nothing any more, at any relay. */
  noteProof(registration: ClaimedRegistration): void;
  /** Whether {@link noteProof} was called, at any relay. */
  isProved(registration: ClaimedRegistration): boolean;
  /**
   * Whether nothing was counted yet by the limits of its place in their memory. Asked once, before its first session.
   */
  takeFresh(registration: ClaimedRegistration): boolean;
  /** The registration's sessions are to have tags, at any relay. */
  wantTags(registration: ClaimedRegistration): void;
  /** Whether {@link wantTags} was called, at any relay. */
  wantsTags(registration: ClaimedRegistration): boolean;
  /** The registration's client has tagged a packet: its packets count only with tags from now on, at any relay. */
  noteTags(registration: ClaimedRegistration): void;
  /** Whether {@link noteTags} was called, at any relay. */
  isTagged(registration: ClaimedRegistration): boolean;
  /** The session is over; any relay may claim the next one. */
  release(registration: ClaimedRegistration): void;
}

/** What tells a registration to {@link SessionClaims}. */
export type ClaimedRegistration = Pick<Registration, 'sessionId' | 'index'>;

/** What {@link SessionClaims.claim} returns for the relay that asks. */
export const OWN_CLAIM = -1;

/** What challenges are made of; see `makeChallenge` of @lightspeed/security. */
interface ChallengeSource {
  /** 32 secret bytes, the same for all relays of a port. */
  readonly key: Uint8Array;
  /** The time in slots of 10 s, by a clock that all relays of a port share. */
  readonly slot: () => number;
}

/** What a relay works with besides its options. */
export interface RelayEnvironment {
  /** Blocks for FEC and for packets that the relay makes itself; its `bytes` also hold the received datagrams. */
  readonly memory: FecMemory;
  readonly policy: DestinationPolicy;
  /** What the handles of clients' addresses mean. The driver's own, which it shares with no other thread. */
  readonly addresses: AddressBook;
  readonly counters: RelayCounters;
  readonly output: RelayOutput;
  /** 32 random bits, unpredictable to others. */
  readonly random: () => number;
  /** What proofs are checked with; without it only tokens bind. */
  readonly hmacSha256?: HmacSha256 | undefined;
  /** What addresses are asked with whether they receive; without it those of other places than the registration's are limited for good. */
  readonly challenges?: ChallengeSource | undefined;
  /** Sessions that this relay may have besides `maxClients`; none means no further limit. */
  readonly quota?: SessionQuota;
  /** Needed if several relays share a port and clients register. */
  readonly claims?: SessionClaims | undefined;
  /** What limits count for registrations, by `Registration.index`: `limitsBytes` of zeros, the same for all relays of a port. */
  readonly limitsMemory?: SharedArrayBuffer | undefined;
}

/** Whose session was refused something because its account has its share. */
export interface RefusedAccount extends AddressPrefix {
  /** That of its registration; undefined at an open node. */
  readonly sessionId?: number;
}

/**
 * What a relay wants done. Offsets are into the shared memory; the bytes there stay as they are until the driver calls
 * `Relay.sent()`. Addresses of servers are IPv4 as int32 bit patterns, those of clients handles of the environment's
 * `addresses`, which are valid during the call at least.
 */
export interface RelayOutput {
  /** Sends a packet from the data plane's socket, and from that address of it to which the client speaks. */
  toClient(offset: ArenaOffset, length: ByteLength, to: ClientAddress): void;
  /** Sends a payload from an egress socket. */
  toServer(egress: EgressId, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void;
  /** Gives a client's datagram, as it came, to the relay that has its session. */
  forward(relay: number, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void;
  /**
   * Opens an egress socket.
   * @param port the local port that it should have if that is free, 0 for any.
   * @returns its number, chosen by the driver, or -1 if there is none to be had.
   */
  openEgress(port: Port): EgressId;
  /** The local port of an egress socket. */
  egressPort(egress: EgressId): Port;
  closeEgress(egress: EgressId): void;
  /** Hands everything queued to the kernel now and calls `Relay.sent()`. */
  flush(): void;
  /** A registered client has opened new destinations for as long as earns a ban. Its session here has ended. */
  misused(sessionId: number): void;
  /** Somebody guesses the token, or tags, of a registration's session: eight packets with wrong ones came in its client's name. */
  attacked(sessionId: number): void;
  /** The session of a registration is to have packet tags: its client must be told. */
  tagging(sessionId: number): void;
  /**
   * An account has asked for more egress sockets than its share, and one of its sessions was refused. Told twice a second at most.
   * @param who the id of the session's registration, if it has one, and the prefix that it counts for.
   */
  overShare(who: RefusedAccount): void;
  /**
   * How the packets of a registration's session fare, for its client. Told at most once a second for a session, and only of those
   * whose registration says that its client wants to know.
   */
  reported?(report: SessionReport): void;
  /**
   * What is sent to a client is protected otherwise from now on.
   * @param sessionId of its registration; undefined at an open node.
   * @param step as `ProtectionStep.name` has it, `reason` as people read it.
   */
  protectionChanged?(sessionId: number | undefined, step: StepName, reason: string): void;
  /**
   * The addresses of a prefix were banned; other relays that serve the same port want to know.
   * @param prefixHigh 0 for an IPv4 address, with its bits in `prefixLow`; else the first half of an IPv6 /64.
   */
  banned(prefixHigh: number, prefixLow: number, durationMs: Milliseconds): void;
  /**
   * A flow has opened. This and the two below are for drivers that carry flows by themselves, as a table in the kernel
   * could. These calls alone tell of every flow all that it takes, in every multipath mode, also after a restart. What is
   * given is the flow itself: it shows what is true now, and is to be copied to be kept.
   */
  flowOpened?(flow: CarriedFlow, limits: CarriedLimits): void;
  /** A flow's paths, multipath mode or group size have changed. In mode `duplicate` a change of the primary path is not told. */
  flowChanged?(flow: CarriedFlow): void;
  /** A flow ends; it shows for the last time what it was. Its egress socket may be closed right after. */
  flowClosed?(flow: CarriedFlow): void;
}
