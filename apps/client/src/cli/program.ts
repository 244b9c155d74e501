import { Argument, CommanderError, Option } from 'commander';
import type { Command } from 'commander';
import { addShellCommands } from '@lightspeed/commands';
import type { SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { addCatchCommands } from './catch-commands.ts';
import { CommandWithHints } from './command-with-hints.ts';
import { applyConfig } from './configured.ts';
import { parseGameServer, parseListen } from './endpoint.ts';
import { addHistoryCommand } from './history.ts';
import { importInvitation } from './import.ts';
import type { ImportOptions } from './import.ts';
import {
  alwaysOption,
  addIdentityOptions,
  addRegistrationOptions,
  addTunnelOptions,
  collect,
  configOption,
  dialectOption,
  integer,
  ioOption,
  jsonOption,
  nodeOption,
  nodesOption,
  sourceOption,
} from './options.ts';
import { ping } from './ping.ts';
import type { PingOptions } from './ping.ts';
import { play } from './play.ts';
import type { PlayOptions } from './play.ts';
import { probe } from './probe.ts';
import type { ProbeCommandOptions } from './probe.ts';
import { messageWithFlags } from './setting-flags.ts';
import { DEFAULT_SOCKS_LISTEN, socks } from './socks.ts';
import type { SocksOptions } from './socks.ts';
import { addPacketCommands } from './packet-commands.ts';
import { addConfigCommands } from './sing-box.ts';
import { status } from './status.ts';
import type { StatusOptions } from './status.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { whoami } from './whoami.ts';
import type { WhoamiOptions } from './whoami.ts';

/** Commands that work also where the file of settings is wrong. */
const WITHOUT_SETTINGS: readonly string[] = ['import', 'completion', 'manual'];

const USAGE = 2;
const FAILURE = 1;

const PLAY_EXAMPLE = `
Examples:
  $ lightspeed play --node relay.example.net --ticket ticket.txt --game-server 203.0.113.9:8303
  then let the game connect to 127.0.0.1:8303
  $ lightspeed play --game-server 203.0.113.9:8303
  does the same by the nodes and tickets of ~/.config/lightspeed/config.toml
`;
const SOCKS_EXAMPLES = `
Examples:
  $ lightspeed socks --node relay.example.net --ticket ticket.txt
  then let a program that knows SOCKS5 with UDP use 127.0.0.1:1080
  $ lightspeed socks --node relay.example.net --listen 192.168.1.5:1080 --user me --password-file password.txt
  lets other machines at home use it
`;
const PING_EXAMPLE = `
Example:
  $ lightspeed ping --node relay.example.net --count 20
`;
const PROBE_EXAMPLE = `
Example:
  $ lightspeed probe 203.0.113.9:27015 --node relay.example.net
`;
const WHOAMI_EXAMPLE = `
Example:
  $ lightspeed whoami --node relay.example.net
`;
const IMPORT_EXAMPLE = `
Examples:
  $ lightspeed import "lightspeed://v1/relay.example.net:4433?pin=...&ticket=lst1_...&issuer=lsi1_...&check=..."
  $ lightspeed import - --yes < mail.txt
  then play without --node and --ticket

The text may be a whole mail, wrapped or quoted. Nothing but node, pin and ticket is taken from it.
`;
const STATUS_EXAMPLES = `
Examples:
  $ lightspeed status
  $ lightspeed status --json --watch
  feeds a status bar or an overlay
  $ lightspeed status --url
  prints a new address of the live page
`;

/**
 * Runs the program `lightspeed`.
 * @param words the command line behind the program's name.
 * @returns the exit code: 0, 1 for a failure, 2 for a command line that asks for something that there is not.
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  terminal.isForPrograms = asksForJson(words);
  const program = buildProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed help, version, or what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    if (error instanceof UsageError) {
      terminal.failed(error.code, error.message);
      return USAGE;
    }
    if (!(error instanceof ClientError)) throw error;
    terminal.failed(error.code, messageWithFlags(error));
    return error.code === 'ERR_CLIENT_INVALID_SETTING' || error.code === 'ERR_CLIENT_CONFIG' ? USAGE : FAILURE;
  }
}

/** Also where the rest of the command line makes no sense. */
function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? words.length : end).includes('--json');
}

function buildProgram(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new CommandWithHints('lightspeed')
    .description('Carry the UDP traffic of games through a relay node.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      outputError: (text) => terminal.failed('ERR_CLIENT_USAGE', text.trim().replace(/\s*\n\s*/g, ' ')),
    })
    .hook('preAction', (_program, command) => (WITHOUT_SETTINGS.includes(command.name()) ? undefined : applyConfig(command, terminal)))
    .addHelpText('after', PLAY_EXAMPLE);
  // Settings of a program are handed down to commands that are made by it, not to those added to it.
  const playing = program.command('play').description('Open local UDP ports that stand for game servers, and carry what arrives there.');
  addTunnelOptions(playing)
    .addOption(
      new Option('--game-server <host:port>', 'game server to which the node sends; may be given several times')
        .argParser(collect(parseGameServer))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--listen <[addr:]port>',
        'local address for the game server with the same number; a port alone means 127.0.0.1 (default: the server’s port, or any free one)',
      ).argParser(collect(parseListen)),
    )
    .addHelpText('after', PLAY_EXAMPLE)
    .action(async (options: PlayOptions) => done(await play(options, terminal)));
  const proxying = program
    .command('socks')
    .description('Be a SOCKS5 server for UDP, and carry what programs send through it to any game server.');
  addTunnelOptions(proxying)
    .addOption(
      new Option('--listen <[addr:]port>', 'where to listen for SOCKS5 clients; a port alone is one of 127.0.0.1')
        .argParser(parseListen)
        .default(DEFAULT_SOCKS_LISTEN, '127.0.0.1:1080'),
    )
    .option('--user <name>', 'let in only who knows this name and the password')
    .option('--password-file <file>', 'file whose first line is the password')
    .option('--allow-anybody', 'let in whoever reaches an address that is not loopback, without a password')
    .addOption(alwaysOption())
    .addHelpText('after', SOCKS_EXAMPLES)
    .action(async (options: SocksOptions) => done(await socks(options, terminal)));
  addCatchCommands(program, terminal, done);
  const pinging = program.command('ping').description('Measure round trips to a node with keepalives.').addOption(nodeOption());
  addRegistrationOptions(pinging)
    .addOption(new Option('--count <n>', 'keepalives to send').argParser(integer(1, 100_000)).default(10))
    .addOption(new Option('--interval-ms <ms>', 'pause between them').argParser(integer(50, 60_000)).default(200))
    .addOption(sourceOption())
    .addOption(ioOption())
    .addOption(dialectOption())
    .addOption(jsonOption('one JSON object at the end, with an error if it ended early'))
    .addHelpText('after', PING_EXAMPLE)
    .action(async (options: PingOptions) => done(await ping(options, terminal)));
  const probing = program
    .command('probe')
    .description('Compare the direct way to a game server with the ways by nodes, by measuring from both ends.')
    .addArgument(new Argument('<host:port>', 'the game server').argParser(parseGameServer))
    .addOption(nodesOption());
  addIdentityOptions(probing)
    .addOption(new Option('--count <n>', 'pairs to measure; ten at once, then two a second').argParser(integer(1, 600)).default(10))
    .addOption(jsonOption('one JSON object'))
    .addHelpText('after', PROBE_EXAMPLE)
    .action(async (server: SocketAddress, options: ProbeCommandOptions) => done(await probe(server, options, terminal)));
  const asking = program
    .command('whoami')
    .description('Ask a node which address of yours it sees, and which address game servers will see.')
    .addOption(nodeOption());
  addIdentityOptions(asking)
    .addOption(jsonOption('one JSON object'))
    .addHelpText('after', WHOAMI_EXAMPLE)
    .action(async (options: WhoamiOptions) => done(await whoami(options, terminal)));
  program
    .command('import')
    .description('Take the line that a node’s operator gave you, lightspeed://..., into the file of settings.')
    .addArgument(new Argument('<text>', 'the line, or - for standard input'))
    .addOption(configOption())
    .option('--yes', 'do not ask')
    .option('--replace', 'let it replace the pin of a node that you have already, or with a line that has no pin, its ticket')
    .addHelpText('after', IMPORT_EXAMPLE)
    .action(async (text: string, options: ImportOptions) => done(await importInvitation(text, options, terminal)));
  addConfigCommands(program, terminal, done);
  addHistoryCommand(program, terminal, done);
  addPacketCommands(program, terminal, done);
  program
    .command('status')
    .description('Show what the live pages of your clients show that run now.')
    .option('--watch', 'again every second')
    .addOption(new Option('--url', 'print an address instead that lets one browser see the page, once').conflicts('watch'))
    .addOption(jsonOption('one JSON object per client'))
    .addHelpText('after', STATUS_EXAMPLES)
    .action(async (options: StatusOptions) => done(await status(options, terminal)));
  addShellCommands(program, { version: VERSION, seeAlso: ['lightspeed-proxy(1)'] }, (text) => terminal.line(text.trimEnd()));
  return program;
}
