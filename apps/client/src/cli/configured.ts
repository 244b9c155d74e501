import { InvalidArgumentError } from 'commander';
import type { Command, Option } from 'commander';
import { readClientConfig } from '../config/client-config.ts';
import type { ClientConfig, Given, NodeEntry } from '../config/client-config.ts';
import { configError } from '../config/toml-file.ts';
import { DIRECT } from '../settings/way-settings.ts';
import { nodeName, parseNode } from './endpoint.ts';
import type { NodeArgument, WayArgument } from './endpoint.ts';
import type { Terminal } from './terminal.ts';
import { besideConfig } from './tickets.ts';
import { UsageError } from './usage-error.ts';
import { userPath } from './user-path.ts';

/** Options whose values a file has in its tables of nodes. */
const OF_NODES = ['node', 'via'];
/** Options whose values are files, named relative to the file of settings. */
const FILES = ['helper'];
/** Commands that can do something without a node. */
const WITHOUT_NODES = ['doctor'];
/** Options of a file that mean nothing without a registration. */
const NEED_REGISTRATION = ['path', 'multipath'];

/**
 * Puts what the user's file of settings says where the command line says nothing. It is for every command that has `--config`,
 * and is called before its action.
 * @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG`; {UsageError} when neither names a node.
 */
export async function applyConfig(command: Command, terminal: Terminal): Promise<void> {
  const option = (name: string) => command.options.find(({ long }) => long === `--${name}`);
  if (option('config') === undefined) return;
  const { config: file, register, open } = command.opts<{ config?: string; register?: boolean; open?: boolean }>();
  const config = await readClientConfig(file === undefined ? undefined : await userPath(file));
  for (const warning of config.warnings) terminal.error(warning);
  const registers = register !== false && open !== true;
  for (const [name, given] of config.options) {
    const known = option(name);
    if (known === undefined || isGiven(command, known) || (!registers && NEED_REGISTRATION.includes(name))) continue;
    command.setOptionValueWithSource(known.attributeName(), FILES.includes(name) ? besideConfig(given) : valueOf(known, given), 'config');
  }
  const [node, via] = OF_NODES.map(option);
  if (node !== undefined) setNodes(command, node, via, config, registers);
}

/** The nodes of the command line get what the file knows of them; without any, they are those of the file. */
function setNodes(command: Command, nodeOption: Option, viaOption: Option | undefined, config: ClientConfig, registers: boolean): void {
  const opts = command.opts<{ node?: NodeArgument | NodeArgument[]; via?: NodeArgument; way?: WayArgument[] }>();
  const via = opts.via ?? (viaOption === undefined || config.via === undefined ? undefined : nodeOf(config.via));
  const fromLine = opts.node === undefined ? undefined : [opts.node].flat();
  // Without a registration a node is its data port, of which the file knows nothing.
  if (!registers && fromLine === undefined) throw new UsageError('no node: without a registration, name its data port: --node HOST:PORT');
  if (!registers) return;
  const known = [...config.nodes, ...(config.via === undefined ? [] : [config.via])].map(nodeOf);
  const isSame = (one: NodeArgument, other: NodeArgument | undefined) => other !== undefined && nodeName(one) === nodeName(other);
  const withEntry = (node: NodeArgument) => known.find((other) => isSame(other, node)) ?? node;
  const nodes = (fromLine ?? config.nodes.map(nodeOf).filter((node) => !isSame(node, via))).map(withEntry);
  if (nodes.length === 0 && !WITHOUT_NODES.includes(command.name())) throw noNode(config);
  command.setOptionValueWithSource(nodeOption.attributeName(), takesSeveral(nodeOption) ? nodes : nodes[0], 'config');
  if (viaOption !== undefined && via !== undefined) command.setOptionValueWithSource('via', withEntry(via), 'config');
  if (command.getOptionValueSource('way') !== 'config') return;
  // Rules of the file may name nodes that this command line does not use.
  const names = nodes.map(nodeName);
  const ways = opts.way?.filter(({ rule }) => rule.way === DIRECT || names.includes(rule.way));
  command.setOptionValueWithSource('way', ways, 'config');
}

function nodeOf(entry: NodeEntry): NodeArgument {
  return { ...readAs(() => parseNode(entry.node.texts[0]), entry.node), entry };
}

function noNode({ file, nodes }: ClientConfig): UsageError {
  if (nodes.length > 0) return new UsageError(`no node: the only one of ${file} is that of --via; add --node HOST[:PORT]`);
  return new UsageError(
    `no node: give --node HOST[:PORT], or take the line that its operator gave you with "lightspeed import"; ${file} names none`,
  );
}

/** Its parser then gathers what is given. */
function takesSeveral({ parseArg }: Option): boolean {
  return Array.isArray(parseArg?.('node', undefined));
}

function isGiven(command: Command, option: Option): boolean {
  const source = command.getOptionValueSource(option.attributeName());
  return source !== undefined && source !== 'default';
}

/** Reads a value as the command line would. */
function valueOf(option: Option, given: Given): unknown {
  let value: unknown;
  for (const text of given.texts) {
    const before = value;
    value = option.parseArg === undefined ? text : readAs(() => option.parseArg?.(text, before), given);
  }
  return value;
}

/** What a parser of the command line refuses is an error of the file. */
function readAs<T>(read: () => T, { where }: Given): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof InvalidArgumentError)) throw thrown;
    throw configError(where, thrown.message.replace(/\.$/, ''), thrown);
  }
}
