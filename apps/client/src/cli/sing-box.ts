import type { Command } from 'commander';
import { Option } from 'commander';
import { isLoopback } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import { closest } from '../base/closest.ts';
import type { GameProfile } from '../profiles/known-games.ts';
import { listGames } from '../profiles/profiles.ts';
import { singBoxConfiguration } from '../profiles/sing-box.ts';
import { parseListen } from './endpoint.ts';
import { collect } from './options.ts';
import { DEFAULT_SOCKS_LISTEN } from './socks.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const EXAMPLES = `
Example on Linux and macOS. In a first terminal:
  $ lightspeed config sing-box --game CS2 > cs2.json
  $ sudo sing-box run -c cs2.json
In a second terminal, without sudo:
  $ lightspeed socks

Example on Windows. In a first Command Prompt, started with "Run as administrator":
  > cd %USERPROFILE%
  > lightspeed config sing-box --game CS2 > cs2.json
  > sing-box run -c cs2.json
In a second Command Prompt, started as usual:
  > lightspeed socks
PowerShell 5 writes a file that sing-box cannot read.

Then start the game. Ctrl-C in both windows ends it.

sing-box 1.12 or newer catches the game by the name of its program. On Linux, a game for Windows is a program of Wine's.
It has another name there, so give the one that it has by your own games.toml.
`;

interface SingBoxOptions {
  readonly game: readonly string[];
  readonly listen: Endpoint;
}

/** Adds `config` with its commands. @param done gets the exit code. */
export function addConfigCommands(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  const config = program.command('config').description('Print configurations for other programs.').addHelpText('after', EXAMPLES);
  config
    .command('sing-box')
    .description('Print a complete configuration of sing-box that catches a game by its program, and sends its UDP to `lightspeed socks`.')
    .addOption(
      new Option('--game <name>', 'a game that LightSpeed knows, or one of your own games.toml; may be given several times')
        .argParser(collect((text) => text))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--listen <[addr:]port>', 'where `lightspeed socks` listens; a port alone is one of 127.0.0.1')
        .argParser(parseListen)
        .default(DEFAULT_SOCKS_LISTEN, '127.0.0.1:1080'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: SingBoxOptions) => done(await printSingBox(options, terminal)));
}

async function printSingBox({ game, listen }: SingBoxOptions, terminal: Terminal): Promise<number> {
  if (!isLoopback(formatIpv4(listen.ip)) || listen.port === 0) {
    throw new UsageError(
      `--listen ${formatEndpoint(listen.ip, listen.port)}: allowed is an address of this machine itself, 127.0.0.1, and a port`,
    );
  }
  const games = await listGames();
  const processes = [...new Set(game.flatMap((name) => processesOf(games, name)))];
  terminal.line(JSON.stringify(singBoxConfiguration({ processes, ownPath: process.execPath, socks: listen }), undefined, 2));
  return 0;
}

function processesOf(games: readonly GameProfile[], wanted: string): readonly string[] {
  const found = games.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (found === undefined) {
    const names = games.map(({ name }) => name);
    const guess = closest(
      wanted.toLowerCase(),
      names.map((name) => name.toLowerCase()),
    );
    const like = names.find((name) => name.toLowerCase() === guess);
    const hint = like === undefined ? `known: ${names.join(', ')}; yours go into games.toml` : `did you mean ${JSON.stringify(like)}?`;
    throw new UsageError(`--game ${JSON.stringify(wanted)} is not known; ${hint}`);
  }
  if (found.processes.length > 0) return found.processes;
  throw new UsageError(`--game ${JSON.stringify(wanted)} has no processes, and sing-box catches by these: add them in games.toml`);
}
