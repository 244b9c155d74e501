import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { QuicError, parsePin } from '@lightspeed/control/quic';
import {
  MAX_BUDGET_PERCENT,
  MAX_DEADLINE_MS,
  MIN_DEADLINE_MS,
  MULTIPATH_MODES,
  PROTECT_FORMS,
  parseBudget,
  parseProtect,
} from '@lightspeed/session';
import type { Protect } from '@lightspeed/session';
import { DIALECTS } from '@lightspeed/wire';
import { DEFAULT_TUNNEL_SETTINGS, EGRESS_FILTERINGS, KEEPALIVE_MS_LIMITS, MAX_FLOW_TIMEOUT_SECS } from '../settings/tunnel-settings.ts';
import { DEFAULT_PROTECT } from '../settings/protection-settings.ts';
import { parseLocalAddress, parseNode, parsePage, parseWay } from './endpoint.ts';

/** Options that several commands have, each made afresh since commander keeps state in them. */
export const nodeOption = () =>
  new Option(
    '--node <host[:port]>',
    'the relay node and its control port (default 4433), by default the first of the file of settings; without registration, its data port',
  ).argParser(parseNode);
/** `--node` for commands that take several. */
export const nodesOption = () =>
  new Option(
    '--node <host[:port]>',
    'a relay node and its control port (default 4433), by default those of the file of settings; without registration, its data ' +
      'port. If given several times, the client uses the best node and keeps the others ready',
  ).argParser(collect(parseNode));
/** `--source`: the local address to send from. */
export const sourceOption = () =>
  new Option('--source <ip>', 'local address from which to talk to the node, IPv4 or IPv6').argParser(parseLocalAddress);
/** `--io`: which engine moves datagrams. */
export const ioOption = () => new Option('--io <engine>', 'how to move datagrams').choices(['auto', 'batch', 'portable']).default('auto');
/** `--dialect`: which form version 2 packets have. */
export const dialectOption = () => new Option('--dialect <dialect>', 'form of version 2 packets').choices(DIALECTS).default('standard');
const tokenOption = () =>
  new Option('--token <n>', 'token of a registration that was made in another way, with --no-register').argParser(integer(1, 255));
/** `--json`, described by `what` it prints. */
export const jsonOption = (what: string) =>
  new Option('--json', `${what}. A failure is one with event "error", code and message; standard error has it as text`);
const keepaliveOption = () =>
  new Option(
    '--keepalive-ms <ms>',
    `pause between keepalives (default: the node’s choice, or ${DEFAULT_TUNNEL_SETTINGS.keepaliveMs})`,
  ).argParser(integer(KEEPALIVE_MS_LIMITS.min, KEEPALIVE_MS_LIMITS.max));

/** `--config`: the user’s file of settings. */
export const configOption = () =>
  new Option('--config <file>', 'file of settings, such as nodes and their tickets (default: config.toml in ~/.config/lightspeed)');

/** Who the node is, and who we are: for commands that register. */
export function addIdentityOptions(command: Command): Command {
  return command
    .addOption(configOption())
    .option('--ticket <file|text>', 'ticket from the node’s operator')
    .addOption(
      new Option('--pin <pin>', 'pin of the node’s key, which the node prints at its start; the n-th belongs to the n-th --node').argParser(
        collect(parsePinArgument),
      ),
    )
    .option('--ca <file>', 'certificates (PEM) of the node’s authority, in place of the system’s')
    .option('--trust-on-first-use', 'accept any key of the node at first, and later only the same key')
    .option('--insecure-skip-verify', 'accept any key of the node, without verification');
}

/** For commands that may also do without. */
export function addRegistrationOptions(command: Command): Command {
  return addIdentityOptions(command)
    .option(
      '--no-register',
      'do not register; for nodes that admit everybody, or with --token. Of a name, IPv6 is asked first; in dialect reference, IPv4 only',
    )
    .option('--open', 'the same as --no-register')
    .addOption(new Option('--data-port <n>', 'data port of nodes that do not name it (default: 4434)').argParser(integer(1, 0xffff)))
    .addOption(tokenOption());
}

/** Which way flows go whatever is measured. */
export function alwaysOption(): Option {
  const text = 'which way everything goes, without measuring (default: directly, unless a node is measured to be better)';
  return new Option('--always <way>', text).choices(['node', 'direct']);
}

/** How a tunnel is: for commands that carry what an ingress takes in. */
export function addTunnelOptions(command: Command): Command {
  return addPathOptions(addRegistrationOptions(command.addOption(nodesOption())))
    .addOption(
      new Option(
        '--way <server=way>',
        'by which way to reach game servers: SERVER[/PREFIX][:PORT]=direct or =NODE; may be given several times, the first that fits counts',
      ).argParser(collect(parseWay)),
    )
    .addOption(
      new Option(
        '--protect <how>',
        `protection from loss of what goes to the node; off and groups:K hold for both ways. Allowed: ${PROTECT_FORMS} (default: auto)`,
      ).argParser(parseProtectArgument),
    )
    .option('--game <name>', 'the game, which says how it takes what comes late (default: by its program, or by the port of its server)')
    .addOption(
      new Option(
        '--deadline-ms <ms>',
        `how late a datagram may come to be of use, ${MIN_DEADLINE_MS} to ${MAX_DEADLINE_MS}; the node's may be lower (default: ${DEFAULT_PROTECT.deadlineMs})`,
      ).argParser(integer(MIN_DEADLINE_MS, MAX_DEADLINE_MS)),
    )
    .addOption(
      new Option(
        '--budget <percent>',
        `most redundancy, of the bytes of the game, 0% to ${MAX_BUDGET_PERCENT}%; the node's may be lower (default: ${DEFAULT_PROTECT.budget}%)`,
      ).argParser(parseBudgetArgument),
    )
    .addOption(
      new Option(
        '--budget-kbps <n>',
        `the same in kilobits a second, for each direction (default: ${DEFAULT_PROTECT.budgetKbps})`,
      ).argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option(
        '--fec <k>',
        'data packets per parity packet, or "off", with nodes that know no other protection (default: 4); without --protect, with all nodes',
      ).argParser(parseFec),
    )
    .addOption(sourceOption())
    .addOption(ioOption())
    .addOption(dialectOption())
    .addOption(keepaliveOption())
    .addOption(
      new Option('--max-keepalive-misses <n>', 'unanswered keepalives in a row before the node counts as lost')
        .argParser(integer(1, 1_000))
        .default(DEFAULT_TUNNEL_SETTINGS.maxKeepaliveMisses),
    )
    .addOption(
      new Option(
        '--egress-filtering <what>',
        'endpoint-independent: hear others than the servers to which the game sends, if the operator allows it',
      )
        .choices(EGRESS_FILTERINGS)
        .default(DEFAULT_TUNNEL_SETTINGS.egressFiltering),
    )
    .addOption(
      new Option('--flow-timeout-secs <s>', 'silence in both directions after which a game’s flow ends; the node has its own')
        .argParser(integer(1, MAX_FLOW_TIMEOUT_SECS))
        .default(DEFAULT_TUNNEL_SETTINGS.flowTimeoutSecs),
    )
    .addOption(
      new Option(
        '--oversize <what>',
        'what to do with payloads that do not fit a usual packet; if they are dropped, games take shorter ones',
      )
        .choices(['fragment', 'drop'])
        .default(DEFAULT_TUNNEL_SETTINGS.oversize),
    )
    .addOption(
      new Option(
        '--page <addr:port|off>',
        'where to serve the live page, which only browsers see that have its one-time address (default: 127.0.0.1:4480, or any free port)',
      ).argParser(parsePage),
    )
    .addOption(jsonOption('one JSON object per line'));
}

/** Further paths to the node. */
function addPathOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--path <ip>', 'local address of one more path to the node; may be given several times').argParser(
        collect(parseLocalAddress),
      ),
    )
    .addOption(new Option('--via <host[:port]>', 'one more path, through another node').argParser(parseNode))
    .addOption(
      new Option('--multipath <mode>', 'how to use several paths').choices(MULTIPATH_MODES).default(DEFAULT_TUNNEL_SETTINGS.multipath),
    );
}

function parsePinArgument(text: string): Uint8Array {
  try {
    return parsePin(text);
  } catch (thrown) {
    if (thrown instanceof QuicError) throw new InvalidArgumentError(thrown.message);
    throw thrown;
  }
}

/** Parses `off` or a group size; whether the dialect allows it shows later. */
function parseFec(text: string): number {
  if (text === 'off') return 0;
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 32) return Number(text);
  throw new InvalidArgumentError('Expected "off", or data packets per parity packet from 1 to 32.');
}

function parseProtectArgument(text: string): Protect {
  const protect = parseProtect(text);
  if (protect === undefined) throw new InvalidArgumentError(`Allowed are ${PROTECT_FORMS}.`);
  return protect;
}

function parseBudgetArgument(text: string): number {
  const percent = parseBudget(text);
  if (percent === undefined) throw new InvalidArgumentError(`Allowed are shares from 0% to ${MAX_BUDGET_PERCENT}%.`);
  return percent;
}

/** A parser of whole numbers. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`Allowed are whole numbers from ${least} to ${most}.`);
  };
}

/** Appends to a repeatable option's values. */
export function collect<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}
