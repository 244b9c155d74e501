import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian installs games, which is not on everybody's path. */
const GAMES_FOLDER = '/usr/games';

export interface TeeworldsPrograms {
  readonly server: string;
  readonly client: string;
  /** Gives a program a display that nobody sees. */
  readonly xvfbRun: string;
}

/** @returns the programs, or why the game cannot run here. */
export function findTeeworlds(): TeeworldsPrograms | string {
  const server = find('teeworlds-server');
  const client = find('teeworlds');
  const xvfbRun = find('xvfb-run');
  if (server === undefined) return 'teeworlds-server is not installed';
  if (client === undefined) return 'teeworlds is not installed';
  if (xvfbRun === undefined) return 'xvfb-run is not installed';
  return { server, client, xvfbRun };
}

function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':').filter((folder) => folder !== ''), GAMES_FOLDER];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
