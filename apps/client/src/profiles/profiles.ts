import { ownConfigFile } from '../config/config-folder.ts';
import { configError, readTomlFile } from '../config/toml-file.ts';
import type { TomlFile } from '../config/toml-file.ts';
import { lineOfKey } from '../config/toml-lines.ts';
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '@lightspeed/session';
import { invalid } from '../settings/checks.ts';
import { closest } from '../base/closest.ts';
import { KNOWN_GAMES } from './known-games.ts';
import type { GameProfile, GameTraffic } from './known-games.ts';

const FIELDS = [
  'name',
  'processes',
  'launchers',
  'ports',
  'late',
  'redundant',
  'interpolating',
  'deadline-ms',
  'always',
  'never',
  'source',
] as const;
type Field = (typeof FIELDS)[number];
const MAX_PORT = 0xffff;
const TEXTS = 'a list of texts, none of them empty';

/**
 * The games that flows are labelled by: those of the user's own file first, then the known ones. A game of the file takes the place
 * of the known one of the same name. Profiles never decide what is caught.
 * @param file which file; by default `games.toml` in the user's own folder of settings, which need not be there.
 * @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG`, with line, what was got and what is allowed.
 */
export async function listGames(file = ownConfigFile('games.toml')): Promise<readonly GameProfile[]> {
  const toml = await readTomlFile(file);
  const own = toml === undefined ? [] : parseGames(toml);
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  return [...own, ...KNOWN_GAMES.filter(({ name }) => !names.has(name.toLowerCase()))];
}

/** @throws {ClientError} `ERR_CLIENT_CONFIG`. */
export function parseGames(toml: TomlFile): GameProfile[] {
  const { path, text, root } = toml;
  for (const key of Object.keys(root)) {
    if (key !== 'games')
      throw configError(`${path}:${lineOfKey(text, undefined, key)}`, `unknown key ${JSON.stringify(key)}; allowed: [[games]]`);
  }
  const { games = [] } = root;
  if (!Array.isArray(games))
    throw configError(
      `${path}:${lineOfKey(text, { name: 'games', index: 0 }, '')}`,
      `games: got ${JSON.stringify(games)}, allowed is [[games]]`,
    );
  return games.map((game: unknown, index) => gameOf(toml, game, index));
}

function gameOf({ path, text }: TomlFile, game: unknown, index: number): GameProfile {
  const fault = (key: string, what: string) => configError(`${path}:${lineOfKey(text, { name: 'games', index }, key)}`, what);
  if (typeof game !== 'object' || game === null) throw fault('', `games: got ${JSON.stringify(game)}, allowed is [[games]]`);
  const fields = new Map(Object.entries(game));
  for (const key of fields.keys()) {
    if (isField(key)) continue;
    const guess = closest(key, FIELDS);
    throw fault(
      key,
      `unknown key ${JSON.stringify(key)}; ${guess === undefined ? `allowed: ${FIELDS.join(', ')}` : `did you mean ${guess}?`}`,
    );
  }
  const refuse = (key: Field, allowed: string) =>
    fault(key, `${key}: got ${JSON.stringify(fields.get(key)) ?? 'nothing'}, allowed is ${allowed}`);
  const name: unknown = fields.get('name');
  if (typeof name !== 'string' || name.trim() === '' || /\p{Cc}/u.test(name)) throw refuse('name', 'the name of a game, in one line');
  const list = (key: Field): string[] => {
    const value: unknown = fields.get(key) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value as string[];
    throw refuse(key, TEXTS);
  };
  const source: unknown = fields.get('source') ?? path;
  if (typeof source !== 'string') throw refuse('source', 'a text');
  const [processes, launchers] = [list('processes'), list('launchers')];
  const given: unknown = fields.get('ports') ?? [];
  const ports = Array.isArray(given) ? given.map((port: unknown) => (Number.isInteger(port) ? String(port) : port)) : [undefined];
  if (!ports.every(isPorts)) throw refuse('ports', 'a list of ports from 1 to 65535, such as [7777, "27015-27050"]');
  if (processes.length + ports.length === 0)
    throw fault('name', `${JSON.stringify(name)} has neither processes nor ports, and so would label nothing`);
  const yesOrNo = (key: Field): boolean | undefined => {
    const value: unknown = fields.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw refuse(key, 'true or false');
  };
  const deadlineMs: unknown = fields.get('deadline-ms');
  if (deadlineMs !== undefined && !isDeadline(deadlineMs))
    throw refuse('deadline-ms', `a whole number from ${MIN_DEADLINE_MS} to ${MAX_DEADLINE_MS}`);
  const traffic = {
    ...defined('usesLate', yesOrNo('late')),
    ...defined('isRedundant', yesOrNo('redundant')),
    ...defined('isInterpolating', yesOrNo('interpolating')),
    ...defined('deadlineMs', deadlineMs),
  };
  const always = fields.get('always');
  if (always !== undefined && always !== 'node' && always !== 'direct') throw refuse('always', '"node" or "direct"');
  const never = fields.get('never');
  if (never !== undefined && never !== 'anycast' && never !== 'beacon') throw refuse('never', '"anycast" or "beacon"');
  return { name, processes, launchers, ports, traffic, always, never, source };
}

function isDeadline(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= MIN_DEADLINE_MS && Number(value) <= MAX_DEADLINE_MS;
}

function defined<Key extends string, T>(key: Key, value: T | undefined): { readonly [K in Key]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: T };
}

/**
 * What is known of the game's datagrams, by its name.
 * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` if there is no such game.
 */
export function trafficOf(games: readonly GameProfile[], name: string): GameTraffic {
  const game = games.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (game !== undefined) return game.traffic ?? {};
  const guess = closest(
    name,
    games.map((one) => one.name),
  );
  const known = guess === undefined ? games.map((one) => one.name).join(', ') : `did you mean ${guess}?`;
  throw invalid('game', name, guess === undefined ? `one of ${known}, or one of your games.toml` : known);
}

function isField(key: string): key is Field {
  return FIELDS.some((field) => field === key);
}

function isPorts(text: unknown): text is string {
  if (typeof text !== 'string' || !/^\d{1,5}(?:-\d{1,5})?$/.test(text)) return false;
  const { from, to } = rangeOf(text);
  return from >= 1 && from <= to && to <= MAX_PORT;
}

/** Reads `PORT` or `FROM-TO`. */
export function rangeOf(ports: string): { readonly from: number; readonly to: number } {
  const [from, to = from] = ports.split('-').map(Number);
  return { from, to };
}
