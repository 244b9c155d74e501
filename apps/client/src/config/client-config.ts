import { closest } from '../base/closest.ts';
import { ownConfigFile } from './config-folder.ts';
import { configError, modeWarning, readTomlFile } from './toml-file.ts';
import type { TomlFile } from './toml-file.ts';
import { lineOfKey } from './toml-lines.ts';
import type { TablePlace } from './toml-lines.ts';

/** What the value of a key may be, and the words that say so. */
const KINDS = {
  text: 'a text',
  texts: 'a list of texts',
  number: 'a whole number',
  'number-or-off': 'a whole number or "off"',
  yes: 'true or false',
} as const;
type Kind = keyof typeof KINDS;

/** Keys in front of all tables: the options of the same names, of whichever command has them. */
const OPTION_KEYS: Readonly<Record<string, Kind>> = {
  path: 'texts',
  multipath: 'text',
  way: 'texts',
  protect: 'text',
  game: 'text',
  'deadline-ms': 'number',
  budget: 'text',
  'budget-kbps': 'number',
  fec: 'number-or-off',
  source: 'text',
  io: 'text',
  dialect: 'text',
  'keepalive-ms': 'number',
  'max-keepalive-misses': 'number',
  'egress-filtering': 'text',
  'flow-timeout-secs': 'number',
  oversize: 'text',
  page: 'text',
  always: 'text',
  helper: 'text',
};

/** Keys of a `[[nodes]]` and of `[via]`. */
const NODE_KEYS = {
  node: 'text',
  pin: 'text',
  ticket: 'text',
  ca: 'text',
  'trust-on-first-use': 'yes',
  'insecure-skip-verify': 'yes',
  'data-port': 'number',
} as const satisfies Readonly<Record<string, Kind>>;
/** A key of a node in a file of settings. */
export type NodeKey = keyof typeof NODE_KEYS;

/** A value as a command line would have it, a list as several. */
export interface Given {
  readonly texts: readonly string[];
  /** The file that has it, and from which it names other files. */
  readonly file: string;
  /** `FILE:LINE`, for errors. */
  readonly line: string;
  /** `FILE:LINE: KEY = VALUE`, for errors. */
  readonly where: string;
}

/** A node of a file of settings. A key that is `false` is left out. */
export type NodeEntry = { readonly [Key in NodeKey]?: Given } & { readonly node: Given };

/** A file of settings. The values have the right types, and are not read yet. */
export interface ClientConfig {
  readonly file: string;
  readonly nodes: readonly NodeEntry[];
  readonly via: NodeEntry | undefined;
  /** By option, without its dashes. */
  readonly options: ReadonlyMap<string, Given>;
  /** What the user should know about the file. */
  readonly warnings: readonly string[];
}

/**
 * Reads the user's settings.
 * @param file which file; without it `config.toml` in the user's own folder of settings, which need not be there.
 * @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG`, with line, what was got and what is allowed.
 */
export async function readClientConfig(file?: string): Promise<ClientConfig> {
  const path = file ?? ownConfigFile('config.toml');
  const toml = await readTomlFile(path);
  if (toml === undefined && file !== undefined) throw configError(file, 'there is no such file; allowed is a TOML file that you may read');
  if (toml === undefined) return { file: path, nodes: [], via: undefined, options: new Map(), warnings: [] };
  const warning = await modeWarning(path);
  return { ...parseClientConfig(toml), warnings: warning === undefined ? [] : [warning] };
}

/** @throws {ClientError} `ERR_CLIENT_CONFIG`. */
export function parseClientConfig(toml: TomlFile): Omit<ClientConfig, 'warnings'> {
  const { path, text, root } = toml;
  const options = new Map<string, Given>();
  for (const [key, value] of Object.entries(root)) {
    if (key === 'nodes' || key === 'via') continue;
    const kind = kindOf(OPTION_KEYS, key);
    if (kind === undefined) throw unknownKey(toml, undefined, key, [...Object.keys(OPTION_KEYS), 'nodes', 'via']);
    options.set(key, given(toml, undefined, key, value, kind));
  }
  const nodes = listOf(toml, 'nodes').map((table, index) => nodeEntry(toml, { name: 'nodes', index }, table));
  const via = root.via === undefined ? undefined : nodeEntry(toml, { name: 'via', index: 0 }, root.via);
  // Two entries for one node would leave open whose pin counts.
  const names = nodes.map(({ node }) => node.texts[0]);
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice >= 0) {
    const line = lineOfKey(text, { name: 'nodes', index: twice }, 'node');
    throw configError(`${path}:${line}`, `node = ${JSON.stringify(names[twice])} is there a second time; allowed: each node once`);
  }
  return { file: path, nodes, via, options };
}

function listOf({ path, text, root }: TomlFile, key: string): readonly unknown[] {
  const value = root[key] ?? [];
  if (Array.isArray(value)) return value;
  throw configError(`${path}:${lineOfKey(text, { name: key, index: 0 }, '')}`, `${key}: got ${show(value)}, allowed is [[${key}]]`);
}

function nodeEntry(toml: TomlFile, place: TablePlace, table: unknown): NodeEntry {
  const { path, text } = toml;
  const [open, close] = place.name === 'nodes' ? ['[[', ']]'] : ['[', ']'];
  const here = `${path}:${lineOfKey(text, place, '')}`;
  if (!isTable(table)) throw configError(here, `${place.name}: got ${show(table)}, allowed is ${open}${place.name}${close}`);
  const entry: { [Key in NodeKey]?: Given } = {};
  for (const [key, value] of Object.entries(table)) {
    if (!isNodeKey(key)) throw unknownKey(toml, place, key, Object.keys(NODE_KEYS));
    if (value !== false || NODE_KEYS[key] !== 'yes') entry[key] = given(toml, place, key, value, NODE_KEYS[key]);
  }
  const { node } = entry;
  if (node === undefined) throw configError(here, `${open}${place.name}${close} has no key node; allowed is node = "HOST[:PORT]"`);
  return { ...entry, node };
}

function given({ path, text }: TomlFile, place: TablePlace | undefined, key: string, value: unknown, kind: Kind): Given {
  const line = `${path}:${lineOfKey(text, place, key)}`;
  if (!fits(value, kind)) throw configError(line, `${key}: got ${show(value)}, allowed is ${KINDS[kind]}`);
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  return { texts, file: path, line, where: `${line}: ${key} = ${show(value)}` };
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'number':
      return Number.isInteger(value);
    case 'number-or-off':
      return value === 'off' || Number.isInteger(value);
    case 'yes':
      return typeof value === 'boolean';
  }
}

function unknownKey({ path, text }: TomlFile, place: TablePlace | undefined, key: string, known: readonly string[]): Error {
  const guess = closest(key, known);
  const belongs = place === undefined && isNodeKey(key);
  const hint = belongs ? 'it belongs into [[nodes]]' : guess === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${guess}?`;
  return configError(`${path}:${lineOfKey(text, place, key)}`, `unknown key ${JSON.stringify(key)}; ${hint}`);
}

/** Keys come from a file, and may be names that every object has. */
function kindOf(kinds: Readonly<Record<string, Kind>>, key: string): Kind | undefined {
  return Object.hasOwn(kinds, key) ? kinds[key] : undefined;
}

function isNodeKey(key: string): key is NodeKey {
  return Object.hasOwn(NODE_KEYS, key);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

const MOST_SHOWN = 200;

function show(value: unknown): string {
  const text = value instanceof Date ? value.toISOString() : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
