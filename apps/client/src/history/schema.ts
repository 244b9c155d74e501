import type { DatabaseSync } from 'node:sqlite';

/*
 * Times are milliseconds since 1970, shares go from 0 to 1, and what was not measured is NULL.
 */

/** Each step leads from one version of the schema to the next. Steps are only added. The version is SQLite's `user_version`. */
export const SCHEMA_STEPS: readonly string[] = [
  `CREATE TABLE matches (
    id INTEGER PRIMARY KEY,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    game TEXT,
    server TEXT NOT NULL,
    port INTEGER NOT NULL,
    prefix TEXT NOT NULL,
    provider TEXT NOT NULL,
    way TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    pairs INTEGER NOT NULL,
    node TEXT,
    gain_ms REAL, low_ms REAL, high_ms REAL,
    saved_ms REAL, harm_ms REAL,
    loss_up_before REAL, loss_up_after REAL,
    loss_down_before REAL, loss_down_after REAL,
    vetoed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX matches_by_end ON matches (end_ms);
  CREATE TABLE vetoes (
    prefix TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    until_ms INTEGER NOT NULL
  ) STRICT;`,
  // What each node was measured to gain, and not only the one that a match went by: the chooser reads it.
  `CREATE TABLE proofs (
    match INTEGER NOT NULL REFERENCES matches ON DELETE CASCADE,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    pairs INTEGER NOT NULL,
    direct_ms REAL NOT NULL,
    gain_ms REAL NOT NULL, low_ms REAL NOT NULL, high_ms REAL NOT NULL,
    p90_gain_ms REAL NOT NULL,
    direct_loss REAL NOT NULL, node_loss REAL NOT NULL
  ) STRICT;
  CREATE INDEX proofs_by_match ON proofs (match);`,
];

/**
 * Brings a database to the version of this program. Of two programs one does it, and the other waits.
 * @returns false if the database is newer than the program: it is left as it is.
 * @throws {Error} of SQLite.
 */
export function upgrade(database: DatabaseSync): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    for (const step of SCHEMA_STEPS.slice(version)) database.exec(step);
    if (version < SCHEMA_STEPS.length) database.exec(`PRAGMA user_version = ${SCHEMA_STEPS.length}`);
    database.exec('COMMIT');
    return version <= SCHEMA_STEPS.length;
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
}
