import { findProgram } from '../find-program.ts';

/** Where Teeworlds' programs are. */
export interface TeeworldsPrograms {
  readonly server: string;
  readonly client: string;
  /** Gives a program a display that nobody sees. */
  readonly xvfbRun: string;
}

/** @returns the programs, or why the game cannot run here. */
export function findTeeworlds(): TeeworldsPrograms | string {
  const server = findProgram('teeworlds-server');
  const client = findProgram('teeworlds');
  const xvfbRun = findProgram('xvfb-run');
  if (server === undefined) return 'teeworlds-server is not installed';
  if (client === undefined) return 'teeworlds is not installed';
  if (xvfbRun === undefined) return 'xvfb-run is not installed';
  return { server, client, xvfbRun };
}
