import type { DatabaseSync } from 'node:sqlite';

/** Whoever opens the file while another program writes waits so long at most. */
const BUSY_MS = 1_000;

/** What SQLite says of files that are no database, or a damaged one. */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** Another program writes for longer than one waits. */
const SQLITE_BUSY = 5;

/** Opens a file. It is loaded only here, as most commands need no database. @throws {Error} (rejection) of SQLite. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await quietly(() => import('node:sqlite'));
  return new DatabaseSync(file, { timeout: BUSY_MS });
}

/** Whether an error says that the file is damaged, rather than in use, or out of reach. */
export function saysCorrupt(thrown: unknown): boolean {
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(codeOf(thrown));
}

/** Whether an error passes: another program writes. */
export function saysBusy(thrown: unknown): boolean {
  return codeOf(thrown) === SQLITE_BUSY;
}

/** The primary result code; 0 for errors of others. The upper bits say more. */
function codeOf(thrown: unknown): number {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : 0;
}

/** Early releases of Node 24 call the module experimental. That is nothing for players. */
async function quietly<Module>(load: () => Promise<Module>): Promise<Module> {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
