import type { MatchRecord } from '@lightspeed/choice';
import { formatIpv4 } from '@lightspeed/wire';

/** Lost shares of one direction: on the wire, and what was still missing after protection. */
interface DirectionLoss {
  readonly before: number;
  readonly after: number;
}

/** What a match lost by its node; undefined where nothing was counted, as for direct flows. */
export interface MatchLoss {
  /** Towards the server. */
  readonly up?: DirectionLoss | undefined;
  readonly down?: DirectionLoss | undefined;
}

/** A match as the history has it. What was not measured is null. */
export interface HistoryMatch {
  readonly startMs: number;
  readonly endMs: number;
  readonly game: string | null;
  /** An IPv4 address. */
  readonly server: string;
  readonly port: number;
  readonly prefix: string;
  readonly provider: string;
  readonly way: string;
  readonly reason: string;
  readonly evidence: string;
  /** Shadow pairs that both ways answered. */
  readonly pairs: number;
  /** The node that gain and interval are of. */
  readonly node: string | null;
  /** Of the node beside the direct way, also for a direct match. */
  readonly gainMs: number | null;
  readonly lowMs: number | null;
  readonly highMs: number | null;
  readonly savedMs: number | null;
  readonly harmMs: number | null;
  readonly lossUpBefore: number | null;
  readonly lossUpAfter: number | null;
  readonly lossDownBefore: number | null;
  readonly lossDownAfter: number | null;
  readonly isVetoed: boolean;
}

/** The columns of the table, in the order of {@link HistoryMatch}. */
export const COLUMNS: Readonly<Record<keyof HistoryMatch, string>> = {
  startMs: 'start_ms',
  endMs: 'end_ms',
  game: 'game',
  server: 'server',
  port: 'port',
  prefix: 'prefix',
  provider: 'provider',
  way: 'way',
  reason: 'reason',
  evidence: 'evidence',
  pairs: 'pairs',
  node: 'node',
  gainMs: 'gain_ms',
  lowMs: 'low_ms',
  highMs: 'high_ms',
  savedMs: 'saved_ms',
  harmMs: 'harm_ms',
  lossUpBefore: 'loss_up_before',
  lossUpAfter: 'loss_up_after',
  lossDownBefore: 'loss_down_before',
  lossDownAfter: 'loss_down_after',
  isVetoed: 'vetoed',
};

/** A match as it is kept. */
export function historyMatchOf(record: MatchRecord, { up, down }: MatchLoss): HistoryMatch {
  const { decision } = record;
  const proof = record.proofs.at(0);
  return {
    startMs: Math.round(record.startMs),
    endMs: Math.round(record.endMs),
    game: record.game ?? null,
    server: formatIpv4(record.serverIp),
    port: record.serverPort,
    prefix: record.prefix,
    provider: record.provider,
    way: decision.way,
    reason: decision.reason,
    evidence: decision.evidence,
    pairs: proof?.answered ?? 0,
    node: proof?.node ?? null,
    gainMs: proof?.gainMs ?? null,
    lowMs: proof?.intervalMs?.[0] ?? null,
    highMs: proof?.intervalMs?.[1] ?? null,
    savedMs: record.savedMs ?? null,
    harmMs: record.harmMs ?? null,
    lossUpBefore: up?.before ?? null,
    lossUpAfter: up?.after ?? null,
    lossDownBefore: down?.before ?? null,
    lossDownAfter: down?.after ?? null,
    isVetoed: record.isVetoed,
  };
}
