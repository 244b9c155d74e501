import { setTimeout } from 'node:timers/promises';
import { LabError, NodeProgram, residentBytes, temporaryFolder } from '@lightspeed/lab';
import type { Form } from './forms.ts';

/** A node gives memory back ten seconds after its start, and looks every second. */
const SETTLE_MS = 14_000;

/** What one start has shown. */
export interface Start {
  /** From the new process to the answer that it is healthy. */
  readonly startMs: number;
  /** Of a node to which nothing happens; NaN if it was not waited for. */
  readonly idleBytes: number;
}

/** Starts a node, and ends it. @param waits whether its memory at rest is read, too */
export async function measureOneStart(form: Form, waits: boolean): Promise<Start> {
  await using folder = await temporaryFolder();
  const beganMs = performance.now();
  await using node = await NodeProgram.start({ ...form, allow: [], admit: 'whoever registers', stateDir: folder.path });
  if (!(await node.isHealthy())) throw new LabError('ERR_LAB_PROCESS', 'a node serves, and says that it is not healthy');
  const startMs = performance.now() - beganMs;
  if (!waits) return { startMs, idleBytes: NaN };
  await setTimeout(SETTLE_MS);
  return { startMs, idleBytes: residentBytes([node.pid]) };
}
