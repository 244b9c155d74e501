import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for a node's state, gone when the test ends. */
export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
