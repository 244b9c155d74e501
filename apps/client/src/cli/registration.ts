import { QuicError, formatPin, loadKnownNodes, parsePin } from '@lightspeed/control/quic';
import type { KnownNodes, Verification } from '@lightspeed/control/quic';
import { MAX_NODES } from '../settings/register-settings.ts';
import type { NodeSettings, RegisterSettings } from '../settings/register-settings.ts';
import { ClientError } from '../base/errors.ts';
import type { Given, NodeEntry } from '../config/client-config.ts';
import { configError } from '../config/toml-file.ts';
import { nodeName } from './endpoint.ts';
import type { NodeArgument } from './endpoint.ts';
import { readText } from './read-text.ts';
import { knownNodesFile } from './state-folder.ts';
import type { Terminal } from './terminal.ts';
import { besideConfig, readTicket, ticketOf, ticketWarnings } from './tickets.ts';
import { UsageError } from './usage-error.ts';

/** What a command line says about registering. */
export interface RegistrationOptions {
  /** False for --no-register. */
  readonly register: boolean;
  readonly open?: boolean;
  readonly token?: number;
  readonly dataPort?: number;
  readonly ticket?: string;
  readonly pin?: readonly Uint8Array[];
  readonly ca?: string;
  readonly trustOnFirstUse?: boolean;
  readonly insecureSkipVerify?: boolean;
}

/** Options that mean nothing without a registration, as they are written. */
const NEED_REGISTRATION: readonly [keyof RegistrationOptions, string][] = [
  ['dataPort', '--data-port'],
  ['ticket', '--ticket'],
  ['pin', '--pin'],
  ['ca', '--ca'],
  ['trustOnFirstUse', '--trust-on-first-use'],
  ['insecureSkipVerify', '--insecure-skip-verify'],
];

/**
 * Whether to register at all.
 * @throws {UsageError} when the options contradict each other.
 */
export function registers(options: RegistrationOptions): boolean {
  if (options.register && options.open !== true) {
    if (options.token !== undefined) throw new UsageError('--token is for nodes to which one does not register: add --no-register');
    return true;
  }
  for (const [key, name] of NEED_REGISTRATION) {
    if (options[key] !== undefined) throw new UsageError(`${name} needs a registration: leave out --no-register and --open`);
  }
  return false;
}

/**
 * With whom to register, and how to know them.
 * @throws {UsageError} (rejection) when the options contradict each other; {ClientError} when a file cannot be read.
 */
export async function registrationOf(
  options: RegistrationOptions,
  nodes: readonly NodeArgument[],
  via: NodeArgument | undefined,
  terminal: Terminal,
): Promise<RegisterSettings> {
  if (nodes.length > MAX_NODES) throw new UsageError(`${nodes.length} --node; at most ${MAX_NODES} make sense`);
  const all = via === undefined ? nodes : [...nodes, via];
  const verifications = await verificationsOf(options, all, terminal);
  const entries = all.map(({ entry }) => entry);
  const tickets = await Promise.all(entries.map((entry) => ticketOf(options.ticket === undefined ? entry : undefined)));
  const settings = all.map(({ host, port, entry }, index): NodeSettings => {
    const dataPort = options.dataPort ?? dataPortOf(entry);
    return { host, port, dataPort, verify: verifications[index], ticket: tickets[index] };
  });
  for (const warning of await ticketWarnings(options.ticket === undefined ? entries : [])) terminal.error(warning);
  return {
    nodes: settings.slice(0, nodes.length),
    via: settings.at(nodes.length),
    ticket: options.ticket === undefined ? undefined : await readTicket(options.ticket, '--ticket'),
  };
}

async function verificationsOf(options: RegistrationOptions, nodes: readonly NodeArgument[], terminal: Terminal): Promise<Verification[]> {
  const { pin, ca, trustOnFirstUse, insecureSkipVerify } = options;
  const ways = [pin, ca, trustOnFirstUse, insecureSkipVerify].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new UsageError('only one of --pin, --ca, --trust-on-first-use and --insecure-skip-verify can say who the node is');
  if (pin !== undefined) return pinsOf(pin, nodes);
  if (ca !== undefined) {
    const pem = await readText(ca, '--ca');
    return nodes.map(() => ({ kind: 'ca', pem }));
  }
  if (trustOnFirstUse !== undefined) return trusting(nodes, terminal);
  if (insecureSkipVerify !== undefined) {
    warnOfInsecure(terminal);
    return nodes.map(() => ({ kind: 'insecure' }));
  }
  return Promise.all(nodes.map((node) => entryVerification(node, terminal)));
}

function pinsOf(pins: readonly Uint8Array[], nodes: readonly NodeArgument[]): Verification[] {
  if (pins.length !== nodes.length) {
    throw new UsageError(
      `${pins.length} --pin for ${nodes.length} nodes: the first belongs to the first --node, and so on, the last to --via`,
    );
  }
  return pins.map((sha256) => ({ kind: 'pin', sha256 }));
}

async function trusting(nodes: readonly NodeArgument[], terminal: Terminal): Promise<Verification[]> {
  const file = knownNodesFile();
  const known = await loadKnown(file);
  return nodes.map((node) => {
    const name = nodeName(node);
    const remember = async (pin: Uint8Array) => {
      await known.remember(name, pin);
      terminal.error(`trusting node ${name} from now on: its pin ${formatPin(pin)} is kept in ${file}`);
    };
    return { kind: 'first-use', known: known.pinOf(name), remember };
  });
}

async function loadKnown(file: string): Promise<KnownNodes> {
  try {
    return await loadKnownNodes(file);
  } catch (thrown) {
    if (!(thrown instanceof QuicError)) throw thrown;
    throw new ClientError('ERR_CLIENT_NODE_IDENTITY', `--trust-on-first-use: ${thrown.message}`, { cause: thrown });
  }
}

function warnOfInsecure(terminal: Terminal): void {
  terminal.error('warning: --insecure-skip-verify: anybody in between can pose as the node, and take over the session');
}

/** How a node shows that it is the right one, as the file of settings has it. */
async function entryVerification(node: NodeArgument, terminal: Terminal): Promise<Verification> {
  const { entry } = node;
  const ways = [entry?.pin, entry?.ca, entry?.['trust-on-first-use'], entry?.['insecure-skip-verify']].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw configError(ways[1].where, 'only one of pin, ca, trust-on-first-use and insecure-skip-verify can say who the node is');
  }
  if (entry?.pin !== undefined) return { kind: 'pin', sha256: pinIn(entry.pin) };
  if (entry?.ca !== undefined) return { kind: 'ca', pem: await readText(besideConfig(entry.ca), `${entry.ca.line}: ca`) };
  if (entry?.['trust-on-first-use'] !== undefined) return (await trusting([node], terminal))[0];
  if (entry?.['insecure-skip-verify'] === undefined) return { kind: 'system' };
  warnOfInsecure(terminal);
  return { kind: 'insecure' };
}

function pinIn({ texts, where }: Given): Uint8Array {
  try {
    return parsePin(texts[0]);
  } catch (thrown) {
    if (thrown instanceof QuicError) throw configError(where, thrown.message, thrown);
    throw thrown;
  }
}

function dataPortOf(entry: NodeEntry | undefined): number | undefined {
  const given = entry?.['data-port'];
  if (given === undefined) return undefined;
  const port = Number(given.texts[0]);
  if (port >= 1 && port <= 0xffff) return port;
  throw configError(given.where, 'allowed are whole numbers from 1 to 65535');
}
