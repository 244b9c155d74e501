import type { NetemStats } from '@lightspeed/netem';
import type { BotStats } from './bot.ts';
import type { GameServerStats } from './game-server.ts';
import type { StreamStats } from './numbered-stream.ts';

/** One direction of a carried game. */
export interface DirectionReport {
  /** Datagrams that the game sent into its side. */
  readonly sent: number;
  /** Different ones that came out on the other. */
  readonly arrived: number;
  /** Those that did not: while the game runs, not before a newer one; at its end, at all. */
  readonly lost: number;
  /** Packets of the tunnel that entered the emulated link, and those that it lost. */
  readonly linkPackets: number;
  readonly linkLost: number;
  /** Datagrams that parity brought back. */
  readonly recovered: number;
}

/** What a carried game came to so far. */
export interface GameReport {
  readonly seconds: number;
  readonly bots: number;
  readonly joined: number;
  readonly toServer: DirectionReport;
  readonly toBots: DirectionReport;
  /** Smoothed, of the tunnel's keepalives; -1 before the first. */
  readonly tunnelRttMs: number;
  /** Smoothed, of the game's own datagrams, the mean over bots; -1 before the first. */
  readonly gameRttMs: number;
  /** Datagrams that arrived changed, at somebody else, or again. */
  readonly corrupted: number;
  readonly misdelivered: number;
  readonly duplicated: number;
  /** Bots that have joined and got no snapshot, and of which the server got no input. */
  readonly botsWithoutSnapshots: number;
  readonly botsWithoutInputs: number;
}

/** Where a report's numbers come from. */
export interface GameSources {
  readonly seconds: number;
  readonly bots: readonly BotStats[];
  readonly server: GameServerStats;
  readonly linkToNode: NetemStats;
  readonly linkToClient: NetemStats;
  readonly recoveredByNode: number;
  readonly recoveredByClient: number;
  readonly tunnelRttMs: number;
  /** Nothing more is on the way: what has not arrived is lost. */
  readonly ended: boolean;
}

/** Sums up a game from what bots, server and link have counted. */
export function reportGame(sources: GameSources): GameReport {
  const { bots, server, ended } = sources;
  const [atBots, atServer] = [bots, server.players].map((side) => side.map(({ stream }) => stream));
  const direction = (from: readonly StreamStats[], to: readonly StreamStats[], link: NetemStats, recovered: number): DirectionReport => {
    const sent = sum(from, 'sent');
    const arrived = sum(to, 'received');
    const linkLost = link.lostRandom + link.lostBurst + link.lostQueue;
    return { sent, arrived, lost: ended ? sent - arrived : sum(to, 'missing'), linkPackets: link.sent, linkLost, recovered };
  };
  const timed = atBots.filter(({ rttMs }) => rttMs >= 0);
  return {
    seconds: sources.seconds,
    bots: bots.length,
    joined: bots.filter(({ joined }) => joined).length,
    toServer: direction(atBots, atServer, sources.linkToNode, sources.recoveredByNode),
    toBots: direction(atServer, atBots, sources.linkToClient, sources.recoveredByClient),
    tunnelRttMs: sources.tunnelRttMs,
    gameRttMs: timed.length === 0 ? -1 : sum(timed, 'rttMs') / timed.length,
    corrupted: server.corrupted + sum(bots, 'corrupted'),
    misdelivered: server.misdelivered + sum(bots, 'misdelivered'),
    duplicated: sum([...atBots, ...atServer], 'duplicates'),
    botsWithoutSnapshots: atBots.filter(({ received }) => received === 0).length,
    botsWithoutInputs: bots.length - atServer.filter(({ received }) => received > 0).length,
  };
}

function sum<Key extends string>(parts: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return parts.reduce((total, part) => total + part[key], 0);
}
