import { KNOWN_GAMES } from './known-games.ts';
import type { GameProfile } from './known-games.ts';
import { rangeOf } from './profiles.ts';

/** What Linux keeps of a program's name. */
const SHORT_NAME_LENGTH = 15;

/**
 * The name of the game that a flow belongs to, for people to read.
 * @param games as `listGames` gives them.
 * @param process the program's name or path, if it is known; Linux may have cut it after 15 characters.
 * @param port the UDP port of the game server.
 * @returns undefined if nothing is known, or if several games have the port: a list of names says nothing. Of ranges of ports the
 *   narrowest counts. Games that the user has named come before all others.
 */
export function labelOf(games: readonly GameProfile[], process: string | undefined, port: number): string | undefined {
  if (process !== undefined) {
    const byProcess = games.find(({ processes }) => processes.some((name) => isProgram(name, process)));
    if (byProcess !== undefined) return byProcess.name;
    if (games.some(({ launchers = [] }) => launchers.some((name) => isProgram(name, process)))) return undefined;
  }
  const own = games.filter((game) => !KNOWN_GAMES.includes(game));
  const candidates = own.some(({ ports }) => widthAt(ports, port) < Infinity) ? own : games;
  const widths = candidates.map(({ ports }) => widthAt(ports, port));
  // A wide range says less than a narrow one.
  const least = Math.min(...widths);
  const byPort = least === Infinity ? [] : candidates.filter((_, index) => widths[index] === least).map(({ name }) => name);
  return byPort.length === 1 ? byPort[0] : undefined;
}

/** How many ports the narrowest range has that the port is in; Infinity if it is in none. */
function widthAt(ports: readonly string[], port: number): number {
  const around = ports.map(rangeOf).filter(({ from, to }) => port >= from && port <= to);
  return Math.min(...around.map(({ from, to }) => to - from + 1));
}

/** Windows does not tell capitals from small letters, and its programs run on Linux too. */
function isProgram(name: string, process: string): boolean {
  const [wanted, got] = [name, process.replace(/^.*[\\/]/s, '')].map((text) => text.toLowerCase());
  return wanted === got || (got.length === SHORT_NAME_LENGTH && wanted.startsWith(got));
}
