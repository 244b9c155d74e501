import { readFile, stat } from 'node:fs/promises';
import { explainFileError } from '@lightspeed/udp';
import { TomlError, parse } from 'smol-toml';
import { ClientError } from '../base/errors.ts';

const OTHERS = 0o077;

/** A TOML file as it was read. */
export interface TomlFile {
  readonly path: string;
  readonly text: string;
  readonly root: Readonly<Record<string, unknown>>;
}

/** The error for a file of settings that cannot be used. @param where `FILE`, or `FILE:LINE`. */
export function configError(where: string, what: string, cause?: unknown): ClientError {
  return new ClientError('ERR_CLIENT_CONFIG', `${where}: ${what}`, { cause });
}

/**
 * Reads a TOML file.
 * @returns undefined if there is none.
 * @throws {ClientError} (rejection) `ERR_CLIENT_CONFIG` if it cannot be read or is not TOML, with the line.
 */
export async function readTomlFile(path: string): Promise<TomlFile | undefined> {
  const text = await textIfThere(path);
  return text === undefined ? undefined : { path, text, root: parseToml(path, text) };
}

/** @throws {ClientError} `ERR_CLIENT_CONFIG` with the line. */
export function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what] = cause.message.replace('Invalid TOML document: ', '').split('\n');
    throw configError(`${path}:${cause.line}`, `not valid TOML at column ${cause.column}: ${what}`, cause);
  }
}

/** What to tell the user of a file with secrets that others may read or write; undefined if nobody can. */
export async function modeWarning(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const { mode } = await stat(path);
  if ((mode & OTHERS) === 0) return undefined;
  return `warning: ${path} has secrets, and others may open it: its mode is 0${(mode & 0o777).toString(8)}; make it 0600: chmod 600 ${path}`;
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    // A byte order mark is no part of the text.
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw configError(path, `${explainFileError(cause)}; allowed is a TOML file that you may read`, cause);
  }
}
