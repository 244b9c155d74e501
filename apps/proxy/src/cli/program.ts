import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { addShellCommands } from '@lightspeed/commands';
import { VERSION } from '../base/version.ts';
import { ConfigError } from '../config/config-error.ts';
import { NodeError } from '../base/node-error.ts';
import { check } from './check.ts';
import { CommandWithHints } from './command-with-hints.ts';
import { configFromFlags, runningStateDir } from './flags.ts';
import type { ServeFlags } from './flags.ts';
import { addRunningNodeCommands } from './running-node-commands.ts';
import { serve } from './serve.ts';
import { addBans } from './bans.ts';
import { addStatus } from './status.ts';
import { trial } from './trial.ts';
import { addTicket } from './ticket-commands.ts';

const NAME = 'lightspeed-proxy';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/**
 * Runs the program.
 * @returns its exit code: 0, 1 for a failure, 2 for wrong usage or configuration.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has already written what there is to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof ConfigError) return fail(error.message, EXIT_USAGE);
    if (error instanceof NodeError) return fail(error.message, EXIT_FAILURE);
    throw error;
  }
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`${NAME}: ${message}\n`);
  return exitCode;
}

function createProgram(done: (exitCode: number) => void): Command {
  const program = new CommandWithHints(NAME)
    .description('Run a relay node, which carries the UDP traffic of games between players and game servers.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(`${NAME}: ${text}`) })
    .exitOverride()
    .addHelpText(
      'after',
      `
Example, a node that anybody on this machine may use:
  ${NAME} serve --data-bind 127.0.0.1:4434 --open

${NAME} serve --help explains every option.`,
    );
  addServe(program, done);
  addStatus(program, NAME, runningStateDir, done);
  addRunningNodeCommands(program, NAME, runningStateDir);
  addBans(program, NAME, runningStateDir);
  addTicket(program, NAME, runningStateDir, done);
  const manual = { version: VERSION, seeAlso: ['node.toml(5)', 'lightspeed(1)', 'systemctl(1)'] };
  addShellCommands(program, manual, (text) => process.stdout.write(text));
  return program;
}

function addServe(program: Command, done: (exitCode: number) => void): void {
  program
    .command('serve')
    .summary('run a node')
    .description(
      'Runs a node until SIGTERM or Ctrl-C. It then waits for registered clients to leave, and says goodbye to the others. A second signal ends it at once. ' +
        'SIGHUP reads the configuration again.',
    )
    .helpOption('-h, --help', 'print this')
    .option('--config <FILE>', 'TOML file; flags override it')
    .option('--data-bind <ADDR:PORT>', "address for clients' packets (default [::]:4434, all addresses)")
    .option('--control-bind <ADDR:PORT>', 'address for registration over QUIC, or off (default [::]:4433, off with --open)')
    .option('--state-dir <DIR>', 'folder for identity and sessions, or off (default: see below)')
    .option('--certificate <FILE>', "the node's certificate, PEM (default: the node makes one at its first start)")
    .option('--private-key <FILE>', 'its private key, PEM')
    .option('--issuer-key <KEY>', 'admit only clients with a ticket of this issuer, lsi1_...; may be repeated', collect)
    .option('--revocation-list <FILE>', 'file with ids of revoked tickets; the node reads it again when it changes')
    .option('--egress-bind <IP>', 'local address towards game servers (default: the system chooses)')
    .option('--egress-ports <A-B>', 'local ports towards game servers (default: the system chooses)')
    .option('--http-bind <ADDR:PORT>', 'address for GET /health and GET /metrics, or off (default 127.0.0.1:8080)')
    .option('--open', 'admit everybody, without authentication; only on a loopback address, or with --allow-open')
    .option('--allow-open', 'allow --open although other machines can reach the node')
    .option('--allow-destination <CIDR[:PORT[-PORT]]>', 'relay to it although it is denied by default; may be repeated', collect)
    .option('--only-allowed-destinations', 'relay only to what --allow-destination names')
    .option('--deny-destination <CIDR[:PORT[-PORT]]>', 'never relay to it; may be repeated', collect)
    .option('--workers <N>', 'data-plane threads, which share the port (default 1)')
    .option('--io <ENGINE>', 'how to move datagrams: auto, batch (Linux) or portable (default auto)')
    .option('--pin <CORES>', 'keep each worker on a processor of its own: off, auto, or a list like 0,2-3 (default off)')
    .option('--busy-poll <USEC>', 'poll for datagrams for this time before sleeping: lower latency, more processor time (default 0)')
    .option('--dialect <DIALECT>', 'standard or reference: dialect of clients that do not register (default standard)')
    .option('--tags <WHEN>', 'auto, always or off: tags on packets, against forged ones (default auto: for attacked sessions)')
    .option('--protect <HOW>', 'protection from loss towards clients that know it: auto, off, repeat:AGES, xor:N or request (default auto)')
    .option('--deadline-ms <MS>', 'longest deadline that clients may ask for, 10 to 100 (default 100)')
    .option(
      '--budget <PERCENT>',
      'most redundancy per session, of the bytes of the game, 0% to 255%; the client may ask for less (default 120%)',
    )
    .option('--budget-kbps <N>', 'the same in kilobits a second (default 512)')
    .option('--node-id <S>', 'name of this node (default: the name of this machine)')
    .option('--region <S>', 'place of this node (default "default")')
    .option('--check', 'check the configuration and the files that it names, print the result, and end')
    .option('--trial', 'start a node beside others, on free ports and with a copy of the state, and end it: shows that it would start')
    .option('--log-level <L>', 'fatal, error, warn, info, debug, trace or silent (default info)')
    .option('--log-format <FORMAT>', 'pretty or json (default: pretty on a terminal, otherwise json)')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples:
  Admit everybody on this machine, and relay to game servers on this machine too:
    ${NAME} serve --data-bind 127.0.0.1:4434 --open --allow-destination 127.0.0.0/8
  A public node for clients with tickets, with a folder for keys and sessions:
    ${NAME} serve --issuer-key lsi1_... --state-dir /var/lib/lightspeed
  A public node for everybody, with two threads, and names and limits from a file:
    ${NAME} serve --config node.toml --workers 2 --open --allow-open
  Check a file:
    ${NAME} serve --config node.toml --check

The state folder is $STATE_DIRECTORY, as systemd sets it. Otherwise it is lightspeed-proxy/PORT in
$XDG_STATE_HOME or ~/.local/state, by the control plane's port. Each node needs its own.`,
    )
    .action(async (flags: ServeFlags) => {
      const config = configFromFlags(flags);
      if (flags.check === true) await check(config);
      else if (flags.trial === true) await trial(config);
      else done(await serve(config, () => configFromFlags(flags)));
    });
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
