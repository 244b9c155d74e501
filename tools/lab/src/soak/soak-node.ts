import type { Endpoint } from '@lightspeed/wire';
import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import { temporaryFolder } from '../leftovers.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { NodeProgram } from '../node-program.ts';
import type { NodeProgramOptions } from '../node-program.ts';
import type { Attacks } from './attacks-main.ts';

/** Starts a node for a run: it keeps to loopback, and its garbage can be collected. Ends with what it is started in. */
export async function startSoakNode(
  started: AsyncDisposableStack,
  allow: readonly Endpoint[],
  admission: Pick<NodeProgramOptions, 'issuer' | 'admit' | 'sessionTimeoutSecs' | 'flowTimeoutSecs'>,
): Promise<NodeProgram> {
  const { path: stateDir } = started.use(await temporaryFolder());
  const options = { allow, egressIp: LOOPBACK, stateDir, collectsGarbage: admission.admit === 'anybody', ...admission };
  return started.use(await NodeProgram.start(options));
}

/** Starts a process that attacks a node. Ends with what it is started in. */
export function startAttacker(started: AsyncDisposableStack, name: string): Remote<Attacks> {
  return started.use(startChild<Attacks>({ program: new URL('./attacks-main.ts', import.meta.url), name }));
}
