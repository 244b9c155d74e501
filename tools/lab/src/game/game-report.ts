import type { NetemStats } from '@lightspeed/netem';
import type { BotStats } from './bot.ts';
import type { GameServerStats } from './game-server.ts';

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

export function reportGame(sources: GameSources): GameReport {
  const { bots, server, ended } = sources;
  const { players } = server;
  const trips = bots.map((bot) => bot.rttMs).filter((rttMs) => rttMs >= 0);
  return {
    seconds: sources.seconds,
    bots: bots.length,
    joined: bots.filter((bot) => bot.joined).length,
    toServer: direction(
      sum(bots.map((bot) => bot.inputsSent)),
      sum(players.map((player) => player.inputs)),
      sum(players.map((player) => player.missing)),
      ended,
      sources.linkToNode,
      sources.recoveredByNode,
    ),
    toBots: direction(
      sum(players.map((player) => player.snapshotsSent)),
      sum(bots.map((bot) => bot.snapshots)),
      sum(bots.map((bot) => bot.missing)),
      ended,
      sources.linkToClient,
      sources.recoveredByClient,
    ),
    tunnelRttMs: sources.tunnelRttMs,
    gameRttMs: trips.length === 0 ? -1 : sum(trips) / trips.length,
    corrupted: server.corrupted + sum(bots.map((bot) => bot.corrupted)),
    misdelivered: server.misdelivered + sum(bots.map((bot) => bot.misdelivered)),
    duplicated: sum(players.map((player) => player.duplicates)) + sum(bots.map((bot) => bot.duplicates)),
    botsWithoutSnapshots: bots.filter((bot) => bot.snapshots === 0).length,
    botsWithoutInputs: bots.length - players.filter((player) => player.inputs > 0).length,
  };
}

function direction(sent: number, arrived: number, missing: number, ended: boolean, link: NetemStats, recovered: number): DirectionReport {
  const linkLost = link.lostRandom + link.lostBurst + link.lostQueue;
  return { sent, arrived, lost: ended ? sent - arrived : missing, linkPackets: link.sent, linkLost, recovered };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
