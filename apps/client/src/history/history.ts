import { MATCH_MEMORY_MS } from '@lightspeed/choice';
import type { MatchRecord, Veto } from '@lightspeed/choice';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { COLUMNS, historyMatchOf } from './history-match.ts';
import type { HistoryMatch, MatchLoss } from './history-match.ts';
import { openHistoryFile } from './open-history.ts';
import { saysBusy } from './sqlite.ts';

/** So long matches are kept. */
export const HISTORY_DAYS = 90;
/** With more the oldest go: some thousand a day, as behind a gateway. */
const MAX_MATCHES = 100_000;
const DAY_MS = 86_400_000;

const FIELDS = Object.keys(COLUMNS) as (keyof HistoryMatch)[];
const NAMES = Object.values(COLUMNS).join(', ');

/** Which matches to list. */
export interface HistoryQuery {
  /** Those that ended later. */
  readonly sinceMs: number;
  /** Capitals do not count. */
  readonly game?: string | undefined;
}

/**
 * The matches of the last 90 days, and what the chooser has to know of them (docs/choosing.md, The history). Several programs may
 * have it open. Nothing here throws: without a file that can be used it is empty, and keeps nothing. That is told.
 */
export class History implements Disposable {
  #database: DatabaseSync | undefined;
  readonly #warn: (text: string) => void;

  private constructor(database: DatabaseSync | undefined, warn: (text: string) => void) {
    this.#database = database;
    this.#warn = warn;
  }

  /** Opens the file, and makes it where there is none. @param warn gets a line for people if something is wrong. */
  static async open(file: string, warn: (text: string) => void, nowMs = Date.now()): Promise<History> {
    const history = new History(await openHistoryFile(file, warn), warn);
    history.#write((database) => prune(database, nowMs));
    return history;
  }

  /** Keeps a match that has ended. @param loss what the tunnel counted for it. */
  add(record: MatchRecord, loss: MatchLoss = {}): void {
    const match = historyMatchOf(record, loss);
    this.#write((database) => {
      const marks = FIELDS.map(() => '?').join(', ');
      const { lastInsertRowid } = database
        .prepare(`INSERT INTO matches (${NAMES}) VALUES (${marks})`)
        .run(...FIELDS.map((field) => asValue(match[field])));
      const insert = database.prepare('INSERT INTO proofs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
      for (const { node, kind, answered, directMs, gainMs, intervalMs, p90GainMs, directLossShare, nodeLossShare } of record.proofs) {
        if (intervalMs === undefined) continue;
        insert.run(lastInsertRowid, node, kind, answered, directMs, gainMs, ...intervalMs, p90GainMs, directLossShare, nodeLossShare);
      }
      prune(database, record.endMs);
    });
  }

  /** Keeps vetoes; of two for one prefix the one that ends later. Call it when a match turns out to be harmed, too. */
  keepVetoes(vetoes: readonly Veto[]): void {
    if (vetoes.length === 0) return;
    this.#write((database) => {
      const upsert = database.prepare(
        'INSERT INTO vetoes VALUES (?, ?, ?) ON CONFLICT (prefix) DO UPDATE SET node = excluded.node, until_ms = excluded.until_ms WHERE excluded.until_ms > until_ms',
      );
      for (const { prefix, node, untilMs } of vetoes) upsert.run(prefix, node, Math.round(untilMs));
    });
  }

  /** Forgets a veto that was taken back. */
  liftVeto(prefix: string): void {
    this.#write((database) => database.prepare('DELETE FROM vetoes WHERE prefix = ?').run(prefix));
  }

  /** What `WayChooser.importState` takes: the matches of seven days, and vetoes, those of other programs too. */
  chooserState(nowMs: number): { readonly matches: readonly unknown[]; readonly vetoes: readonly unknown[] } {
    const read = (database: DatabaseSync) => ({
      matches: database
        .prepare(
          `SELECT lower(coalesce(game, '')) AS game, provider, p.node AS node, end_ms AS endMs, p.pairs AS pairs, direct_ms AS directMs,
            p.gain_ms AS gainMs, p.low_ms AS lowMs, p.high_ms AS highMs, p90_gain_ms AS p90GainMs
          FROM proofs p JOIN matches m ON m.id = p.match WHERE end_ms > ? ORDER BY end_ms`,
        )
        .all(nowMs - MATCH_MEMORY_MS),
      vetoes: database.prepare('SELECT prefix, node, until_ms AS untilMs FROM vetoes WHERE until_ms > ?').all(nowMs),
    });
    return this.#guard(read) ?? { matches: [], vetoes: [] };
  }

  /** The matches that fit, the oldest first. */
  list({ sinceMs, game }: HistoryQuery): HistoryMatch[] {
    const rows = this.#guard((database) =>
      database.prepare(`SELECT ${NAMES} FROM matches WHERE end_ms > ? ORDER BY end_ms, id`).all(sinceMs),
    );
    const matches = (rows ?? []).map(matchOf);
    return game === undefined ? matches : matches.filter((match) => match.game?.toLowerCase() === game.toLowerCase());
  }

  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = undefined;
  }

  /** All or nothing. */
  #write(write: (database: DatabaseSync) => unknown): void {
    this.#guard((database) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        write(database);
        database.exec('COMMIT');
      } catch (thrown) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw thrown;
      }
    });
  }

  #guard<Result>(use: (database: DatabaseSync) => Result): Result | undefined {
    if (this.#database === undefined) return undefined;
    try {
      return use(this.#database);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (saysBusy(thrown)) {
        this.#warn(`a match could not be kept in the history, or be read from it: ${why}`);
      } else {
        this.#warn(`the history of matches cannot be used any more: ${why}`);
        this[Symbol.dispose]();
      }
      return undefined;
    }
  }
}

function prune(database: DatabaseSync, nowMs: number): void {
  database.prepare('DELETE FROM matches WHERE end_ms <= ?').run(nowMs - HISTORY_DAYS * DAY_MS);
  database.prepare('DELETE FROM matches WHERE id <= (SELECT id FROM matches ORDER BY id DESC LIMIT 1 OFFSET ?)').run(MAX_MATCHES);
  database.prepare('DELETE FROM vetoes WHERE until_ms <= ?').run(nowMs);
}

function asValue(value: HistoryMatch[keyof HistoryMatch]): SQLInputValue {
  return typeof value === 'boolean' ? Number(value) : value;
}

function matchOf(row: Readonly<Record<string, unknown>>): HistoryMatch {
  const entries = FIELDS.map((field) => [field, field === 'isVetoed' ? row[COLUMNS[field]] === 1 : row[COLUMNS[field]]]);
  return Object.fromEntries(entries) as HistoryMatch;
}
