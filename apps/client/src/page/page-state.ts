/** What is known of the question whether a node helps, for the game server in play. */
export interface PageVerdict {
  /**
   * `unmeasured`: no evidence is gathered. `unknown`: too few pairs yet. `direct`: no node is better, and nothing is done.
   * `would-save`: a node is better, and this match began before that was known. `saves`: a node is better. `harms`: the way in use is worse than the other one. `always`: a rule of the player's decides.
   */
  readonly kind: 'unmeasured' | 'unknown' | 'direct' | 'would-save' | 'saves' | 'harms' | 'always';
  /** `direct`, or a node's name: the way that new flows take. */
  readonly way: string;
  /** The node that the direct way is compared with, where that is not the way in use. */
  readonly node?: string | undefined;
  /** One sentence, without a full stop, that says why. */
  readonly because: string;
  /** By how much the node's way is shorter than the direct one, in milliseconds. Below 0 it is longer. */
  readonly gainMs?: number | undefined;
  /** Of the gain, at 95 %. */
  readonly intervalMs?: readonly [low: number, high: number] | undefined;
  /** Comparisons of both ways that were made, and how many it takes to say something. */
  readonly pairs: number;
  readonly neededPairs: number;
}

/** A node, as the page shows it. */
interface PageNode {
  /** For people; ways name it so. */
  readonly name: string;
  /** `HOST:PORT` of its control plane, as the player has given it. */
  readonly address: string;
  readonly region: string | null;
  /** Data goes by it. */
  readonly used: boolean;
  readonly up: boolean;
  readonly rttMs: number | null;
  readonly loadPercent: number | null;
}

/** Round trips at one time, in milliseconds; null where nothing came back, undefined where nothing was sent. */
export interface RoundTrips {
  /** Milliseconds of the wall clock. */
  readonly atMs: number;
  readonly directMs?: number | null | undefined;
  readonly nodeMs?: number | null | undefined;
}

/** The tenth and the ninetieth percentile of the last half minute, in milliseconds. */
export type Band = readonly [low: number, high: number];

/** {@link RoundTrips} with what was usual just before. */
export interface SeriesPoint extends RoundTrips {
  readonly directBand?: Band | undefined;
  readonly nodeBand?: Band | undefined;
}

/** Both ways on one time axis. */
export interface PageSeries {
  /** `server`: round trips to the game server. `node`: to the node alone, so that they do not compare with the direct way. */
  readonly measures: 'server' | 'node';
  /** The server, or the node where only that is measured. */
  readonly target: string;
  /** The node whose way it is. */
  readonly node: string;
  readonly points: readonly SeriesPoint[];
}

/** A piece of a way. Its kind says whose it is. */
export interface WayPart {
  readonly kind: 'home' | 'provider' | 'route' | 'node' | 'server';
  readonly name: string;
  /** Round trip of this piece alone. */
  readonly ms: number;
}

/** A way to the game server, in pieces. */
export interface PageWay {
  /** `direct`, or a node's name. */
  readonly way: string;
  readonly parts: readonly WayPart[];
}

/** Loss in one direction, as shares from 0 to 1; null while there are too few packets to judge. */
export interface PageLoss {
  readonly before: number | null;
  /** What protection has left, and the standard error of that. */
  readonly after: number | null;
  readonly afterError: number | null;
  /** Packets that it was judged by. */
  readonly packets: number;
  /** How many packets in a row are lost, on average: 1 for loss alone, more for bursts; null if nothing was lost, or nobody says. */
  readonly meanRun: number | null;
  /** How packets are protected, in words; null if nothing is agreed on. */
  readonly protection: string | null;
}

/** What is lost directly and by a node, there and back, as shares from 0 to 1. Null stands for what is not known. */
export interface PageLossComparison {
  readonly node: string;
  /** Probes that the direct share is of. */
  readonly probes: number;
  readonly direct: number | null;
  readonly nodeBefore: number | null;
  /** What protection has left. */
  readonly nodeAfter: number | null;
  /** Sentences on what is not known, or not sure; null if there is nothing to say. */
  readonly note: string | null;
}

/** A flow, or several to the same server. Null stands for what is not known. */
export interface PageFlow {
  readonly program: string | null;
  readonly game: string | null;
  readonly server: string;
  /** Of the node by which it goes, as that node says; null for the direct way. */
  readonly region: string | null;
  readonly way: string;
  readonly reason: string | null;
  /** What its way was decided by, in words. */
  readonly evidence: string | null;
  readonly evidenceAgeS: number | null;
  /** Datagrams from programs, and to them. Null where the kernel carries them, too: then nobody counts. */
  readonly packetsUp: number | null;
  readonly packetsDown: number | null;
}

/** What goes its way without LightSpeed. */
export interface NotCaught {
  readonly what: string;
  readonly why: string;
  readonly packets: number | null;
}

/** Median round trips by each way to each server. */
interface PageMatrix {
  readonly servers: readonly string[];
  /** In each row one entry per server; null if nobody has measured it. */
  readonly rows: readonly { readonly way: string; readonly medianMs: readonly (number | null)[] }[];
}

/** A match that is over. */
interface PageMatch {
  /** Milliseconds of the wall clock. */
  readonly startedAtMs: number;
  readonly game: string | null;
  readonly server: string;
  readonly way: string;
  readonly gainMs: number | null;
  readonly intervalMs: readonly [low: number, high: number] | null;
  /** Its way was worse than the direct one. */
  readonly harmed: boolean;
}

/** What a player has laid down for a prefix of servers, or for a game. */
export interface PageRule {
  readonly servers?: string | undefined;
  readonly game?: string | undefined;
  readonly way: RuleWay;
}

/** Ways that a rule may name; `evidence` takes a rule away. */
export const RULE_WAYS = ['evidence', 'node', 'direct'] as const;
/** One of {@link RULE_WAYS}. */
type RuleWay = (typeof RULE_WAYS)[number];

/** How many matches were decided by one kind of evidence, since the client has started. */
export interface PageDecisions {
  /** In words, such as `probes from before the match`. */
  readonly by: string;
  readonly direct: number;
  readonly node: number;
}

/** Facts that the owner of a `PageModel` lays down. Each replaces what was there. */
export interface PageFacts {
  readonly phase: 'starting' | 'connected' | 'lost' | 'ended';
  readonly verdict: PageVerdict;
  readonly nodes: readonly PageNode[];
  /** Empty where nobody has measured the pieces. */
  readonly ways: readonly PageWay[];
  /** Sentences on pieces of the ways that are not known; empty if there is nothing to say. */
  readonly waysNote: string;
  /** Null before there are probes of both ways. */
  readonly lossCompared: PageLossComparison | null;
  readonly loss: { readonly up: PageLoss | null; readonly down: PageLoss | null };
  readonly flows: readonly PageFlow[];
  /** Null where nothing is caught: programs then send to LightSpeed themselves. */
  readonly notCaught: readonly NotCaught[] | null;
  readonly matrix: PageMatrix | null;
  /** The latest first; null where nobody keeps them. */
  readonly matches: readonly PageMatch[] | null;
  /** The address that the game server sees; null before it is known. */
  readonly seenAs: string | null;
  readonly rules: readonly PageRule[];
  /** Empty before the first decision. */
  readonly decisions: readonly PageDecisions[];
}

/** All that the page, `status` and the file for a report show (docs/playing.md, The live page). It is plain JSON. */
export interface PageState extends PageFacts {
  readonly command: string;
  readonly version: string;
  /** Milliseconds of the wall clock, as is `atMs`. */
  readonly startedAtMs: number;
  readonly atMs: number;
  /** The verdict for people. */
  readonly words: PageWords;
  /** Null before the first point. */
  readonly series: PageSeries | null;
  /** What a player should know; the latest last. */
  readonly warnings: readonly string[];
  /** Rules can be changed by the page. */
  readonly canChange: boolean;
}

/** Sentences for somebody who has never seen the page. */
export interface PageWords {
  /** Does it help, and by how much? */
  readonly headline: string;
  /** How sure is that? */
  readonly sureness: string;
  /** Where is the rest of the time spent, and what is lost? */
  readonly rest: string;
  /** By what matches were decided; empty before the first one. */
  readonly decided: string;
}
