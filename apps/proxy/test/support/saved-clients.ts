import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../src/state/journal.ts';
import { parseSnapshots } from '../../src/state/snapshot-file.ts';
import type { ClientSnapshot } from '../../src/state/snapshot-file.ts';

/** What a node that starts with this folder would find of an earlier run. */
export function savedClients(folder: string): Promise<ClientSnapshot[]> {
  const text = readFileSync(join(folder, 'sessions.json'), 'utf8');
  return new Journal(join(folder, 'sessions.journal')).applyTo(parseSnapshots(text), hash('sha256', text));
}
