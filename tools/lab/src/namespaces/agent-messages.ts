import type { TunnelSettings } from '@lightspeed/client';
import type { Endpoint } from '@lightspeed/wire';
import type { EchoReport } from '../game/echo-game.ts';
import type { ProbePlan } from './probe.ts';

/** Players of one machine: each has a tunnel of its own, and a game that sends through it. */
export interface PlayersPlan {
  readonly players: number;
  readonly tunnel: Omit<TunnelSettings, 'ingresses' | 'node'>;
  readonly gameServer: Endpoint;
  readonly datagramsPerSecond: number;
}

/** What a scenario asks of the program on a machine; each question has one answer, in order. */
export type AgentQuestion =
  /** Send every datagram back that comes to this address. Answered when it listens. */
  | { readonly ask: 'echo'; readonly at: Endpoint }
  /** Answered when all play, with {@link PlayerStart}s. */
  | { readonly ask: 'play'; readonly plan: PlayersPlan }
  /** Move the first path of all to this local address. Answered when it is bound. */
  | { readonly ask: 'rebind'; readonly local: string }
  /** Report, and count from here. */
  | { readonly ask: 'mark' }
  /** Tell whom an echo has answered. */
  | { readonly ask: 'sources' }
  /** Send no more, wait for the last answers, report. */
  | { readonly ask: 'finish' }
  /** Try once to register and to play; answered with a ProbeReport. */
  | { readonly ask: 'probe'; readonly plan: ProbePlan };

/** Where a player is when its tunnel has opened. */
export interface PlayerStart {
  /** The node in use, `HOST:PORT` of its control plane. */
  readonly node: string;
  /** Where that node sees the control connection come from, `ADDR:PORT`. */
  readonly seenAt: string;
}

/** What a player's game and tunnel have seen since the last mark. */
export interface PlayerReport {
  readonly game: EchoReport;
  /** What its tunnel has said since the last mark, with the seconds since then. */
  readonly events: readonly string[];
  /** What each path was the first to bring, 0 to 1. */
  readonly shares: readonly number[];
}

/** What an echoing machine reports: how many datagrams of each address it has seen. */
export type EchoSources = Readonly<Record<string, number>>;
