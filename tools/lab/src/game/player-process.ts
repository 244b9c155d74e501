import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import type { Players } from './players-main.ts';

/** Real clients with their games in a process of their own. */
export type PlayerProcess = Remote<Players>;

/** @param within what to put in front of its command line, such as `nsenter -t 1234 -n`. */
export function startPlayers(within: readonly string[] = []): PlayerProcess {
  return startChild<Players>({ program: new URL('./players-main.ts', import.meta.url), name: 'the process of the players', within });
}
