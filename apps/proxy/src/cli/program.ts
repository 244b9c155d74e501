import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { OPTIONS } from '../config/options.ts';
import { ConfigError } from '../config/config-error.ts';
import { NodeError } from '../node-error.ts';
import { askToDrain } from '../state/admin-socket.ts';
import { check } from './check.ts';
import { configFromFlags, defaultStateDir } from './flags.ts';
import type { ServeFlags } from './flags.ts';
import { serve } from './serve.ts';
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
  const program = new Command(NAME)
    .description('A relay node: carries the UDP traffic of games between players and game servers.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${NAME}: `)) })
    .exitOverride()
    .addHelpText(
      'after',
      `
Example, a node that anybody on this machine may use:
  ${NAME} serve --data-bind 127.0.0.1:4434 --open

${NAME} serve --help explains every option.`,
    );
  addServe(program, done);
  addDrain(program);
  addTicket(program, NAME, done);
  return program;
}

function addServe(program: Command, done: (exitCode: number) => void): void {
  program
    .command('serve')
    .summary('run a node')
    .description(
      'Runs a node until SIGTERM or Ctrl-C, which let registered clients leave and then say goodbye to all. A second one ends it at once.',
    )
    .helpOption('-h, --help', 'print this')
    .option('--config <FILE>', 'TOML file; what is given here goes before what it says')
    .option('--data-bind <ADDR:PORT>', "where clients' packets come in (default [::]:4434, all addresses)")
    .option('--control-bind <ADDR:PORT>', 'where clients register, over QUIC, or off (default [::]:4433, off with --open)')
    .option('--state-dir <DIR>', 'where identity and sessions are kept, or off (default: see below)')
    .option('--certificate <FILE>', "the node's certificate, PEM (default: one of its own, made at the first start)")
    .option('--private-key <FILE>', 'its private key, PEM')
    .option('--issuer-key <KEY>', 'let in only who has a ticket of this issuer, lsi1_...; may be repeated', collect)
    .option('--revocation-list <FILE>', 'ids of tickets that do not count any more; read again when it changes')
    .option('--egress-bind <IP>', 'local address towards game servers (default: the system chooses)')
    .option('--egress-ports <A-B>', 'local ports towards game servers (default: the system chooses)')
    .option('--http-bind <ADDR:PORT>', 'where GET /health and GET /metrics answer, or off (default 127.0.0.1:8080)')
    .option('--open', 'let anybody in, without authentication: only on a loopback address, or with --allow-open')
    .option('--allow-open', 'consent to --open where others than this machine can reach the node')
    .option('--allow-destination <CIDR[:PORT[-PORT]]>', 'relay there although it is denied by default; may be repeated', collect)
    .option('--only-allowed-destinations', 'relay nowhere but where --allow-destination says')
    .option('--deny-destination <CIDR[:PORT[-PORT]]>', 'never relay there; may be repeated', collect)
    .option('--workers <N>', 'data-plane threads, sharing the port (default 1)')
    .option('--io <ENGINE>', 'how datagrams are moved: auto, batch (Linux) or portable (default auto)')
    .option('--pin <CORES>', 'keep each worker on a processor of its own: off, auto, or a list like 0,2-3 (default off)')
    .option('--busy-poll <USEC>', 'look for datagrams so long before sleeping, for latency; takes processor (default 0)')
    .option('--dialect <DIALECT>', 'standard or reference: of clients that no registration has settled (default standard)')
    .option('--node-id <S>', 'name of this node (default: the name of this machine)')
    .option('--region <S>', 'where it is (default "default")')
    .option('--check', 'check the configuration, print what would hold, and end')
    .option('--log-level <L>', 'fatal, error, warn, info, debug, trace or silent (default info)')
    .option('--log-format <FORMAT>', 'pretty or json (default: pretty on a terminal, else json)')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples:
  Let anybody on this machine in, and relay to game servers on this machine too:
    ${NAME} serve --data-bind 127.0.0.1:4434 --open --allow-destination 127.0.0.0/8
  A public node for who has a ticket, keys and sessions kept in a folder:
    ${NAME} serve --issuer-key lsi1_... --state-dir /var/lib/lightspeed
  A public node for everybody, two threads, names and limits from a file:
    ${NAME} serve --config node.toml --workers 2 --open --allow-open
  See whether a file is right:
    ${NAME} serve --config node.toml --check

The state folder is $STATE_DIRECTORY, as systemd sets it, else lightspeed-proxy/PORT of the control plane in
$XDG_STATE_HOME or ~/.local/state. It is one node's only.`,
    )
    .action(async (flags: ServeFlags) => {
      const config = configFromFlags(flags);
      if (flags.check === true) check(config);
      else done(await serve(config));
    });
}

function addDrain(program: Command): void {
  program
    .command('drain')
    .summary('let a running node come to its end')
    .description(
      'Tells a node on this machine to take no clients any more, to tell those that it has, and to end when they have left ' +
        'or its drain_secs are over. The same as SIGTERM.',
    )
    .helpOption('-h, --help', 'print this')
    .option('--state-dir <DIR>', "the node's state folder (default: that of a node on port 4433)")
    .allowExcessArguments(false)
    .action(async ({ stateDir }: { stateDir?: string }) => {
      await askToDrain(stateDir ?? defaultStateDir(OPTIONS.controlBind.fallback ?? { port: 0 }) ?? '.');
      process.stdout.write('the node drains\n');
    });
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
