/** Straight to the game server. Any other way is the name of a node. */
export const DIRECT = 'direct';

/** {@link DIRECT}, or a node's name such as `relay.example.net:4433`. */
export type Way = string;

/** What a decision rests on (docs/choosing.md, Which evidence comes first). */
export const EVIDENCE_KINDS = ['always', 'matches', 'probes', 'burst', 'none'] as const;
/** One of {@link EVIDENCE_KINDS}. */
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Why flows to a server stay direct whatever was measured (docs/choosing.md, What always goes direct). */
export const NEVER_REASONS = ['anycast', 'sdr', 'stun', 'beacon'] as const;
/** One of {@link NEVER_REASONS}. */
export type NeverReason = (typeof NEVER_REASONS)[number];

/** Why a flow goes its way. Stable, for programs; {@link REASON_TEXTS} has words for people. */
export type Reason =
  | NeverReason
  | 'always'
  | 'veto'
  | 'faster'
  | 'less-loss'
  | 'matches-faster'
  | 'matches-slower'
  | 'contradicted'
  | 'not-better'
  | 'no-evidence'
  | 'no-node'
  | 'way-dead';

/** Each reason in words that continue "direct, because" or "by the node, because". */
export const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  anycast: 'the server’s address is at many places, and a node may reach another one',
  sdr: 'it is a relay of the game’s own network',
  stun: 'the program speaks with other players, not with a server',
  beacon: 'the game measures regions by it, and would place you where the node is',
  always: 'a rule of yours says so',
  veto: 'a node made matches there worse within the last 7 days',
  faster: 'probes show that the node is faster',
  'less-loss': 'probes show that the node loses less',
  'matches-faster': 'the node was faster in earlier matches at this provider',
  'matches-slower': 'nodes were slower in earlier matches at this provider',
  contradicted: 'earlier matches speak for the node, and newer probes against it',
  'not-better': 'no node is clearly better',
  'no-evidence': 'nothing is known of this server yet',
  'no-node': 'there is no node',
  'way-dead': 'the other way carries nothing any more',
};

/** Which way a flow goes, and by what evidence. */
export interface Decision {
  readonly way: Way;
  readonly reason: Reason;
  readonly evidence: EvidenceKind;
  /** The node that the figures below are of. They are missing without evidence. */
  readonly node?: string | undefined;
  /** Above 0 the node is faster. */
  readonly gainMs?: number | undefined;
  /** Of the gain, at 95 %. */
  readonly intervalMs?: readonly [low: number, high: number] | undefined;
  /** Pairs of probes on which it rests; for `matches` how many matches. */
  readonly pairs: number;
  /** Age of the newest evidence. */
  readonly ageMs?: number | undefined;
  /** Whether a burst of {@link BURST_PAIRS} pairs could still decide, see `WayChooser.reconsider`. */
  readonly wantsBurst: boolean;
}

/** How many pairs a burst has. */
export const BURST_PAIRS = 10;
/** A burst is sent within so long of a flow's first datagram. */
export const BURST_MS = 250;

/** A game server, as far as the choice is concerned. */
export interface GameServer {
  /** An IPv4 address as a 32-bit number, signed or unsigned. */
  readonly serverIp: number;
  readonly serverPort: number;
  /** Which game, if it is known. Capitals do not count. */
  readonly game?: string | undefined;
  /** What the caller has seen of the flow itself, such as STUN. */
  readonly never?: NeverReason | undefined;
}

/** A probe of each way to the same target, sent at the same time. */
export interface ProbePair {
  /** The address in whose /24 the target is. */
  readonly serverIp: number;
  readonly node: string;
  /** The kind of both probes, such as `ttl`, `icmp`, `tcp` or `a2s`. Kinds are never mixed. */
  readonly kind: string;
  /** Round trip from the client straight to the target; null if there was no answer. */
  readonly directMs: number | null;
  /** Round trip from the client by the node to the target: its two parts added. Null if there was no answer. */
  readonly nodeMs: number | null;
  /** On the clock of all other times. */
  readonly atMs: number;
}
