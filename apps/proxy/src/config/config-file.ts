import { readFileSync } from 'node:fs';
import { explainFileError } from '@lightspeed/udp';
import { TomlError, parse } from 'smol-toml';
import { ConfigError } from './config-error.ts';
import { closest } from './closest.ts';
import { FIELDS, OPTIONS } from './options.ts';
import type { Field } from './options.ts';
import type { Given } from './parse-config.ts';

const FIELD_BY_KEY: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [OPTIONS[field].key, field]));
const KEYS: readonly string[] = [...FIELD_BY_KEY.keys()];
const SECTIONS: readonly string[] = [...new Set(KEYS.map((key) => key.slice(0, key.indexOf('.'))))];

/**
 * Reads a TOML file into what it gives for each field; the values are not checked yet.
 * @throws {ConfigError} if it cannot be read, is not TOML, or has a section or key that nobody knows.
 */
export function readConfigFile(path: string): Map<Field, Given> {
  const given = new Map<Field, Given>();
  for (const [section, content] of Object.entries(parseToml(path, readText(path)))) {
    if (!SECTIONS.includes(section)) throw unknownSection(path, section);
    if (typeof content !== 'object' || content === null || Array.isArray(content) || content instanceof Date) {
      throw new ConfigError(`${path}: ${section}: got ${JSON.stringify(content)}, allowed is a section [${section}]`);
    }
    for (const [name, value] of Object.entries(content)) {
      const key = `${section}.${name}`;
      const field = FIELD_BY_KEY.get(key);
      if (field === undefined) throw unknownKey(path, section, name);
      given.set(field, { value, source: `${path}: ${key}` });
    }
  }
  return given;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${path}: cannot be read: ${explainFileError(cause)}`, { cause });
  }
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what] = cause.message.replace('Invalid TOML document: ', '').split('\n');
    throw new ConfigError(`${path}:${cause.line}:${cause.column}: not valid TOML: ${what}`, { cause });
  }
}

function unknownSection(path: string, section: string): ConfigError {
  const guess = closest(section, SECTIONS);
  const hint = guess === undefined ? `allowed are ${SECTIONS.map((name) => `[${name}]`).join(', ')}` : `did you mean [${guess}]?`;
  return new ConfigError(`${path}: unknown section [${section}]; ${hint}`);
}

function unknownKey(path: string, section: string, name: string): ConfigError {
  const ofSection = KEYS.filter((key) => key.startsWith(`${section}.`)).map((key) => key.slice(section.length + 1));
  const otherKey = KEYS.find((key) => key.endsWith(`.${name}`));
  const guess = closest(name, ofSection);
  let hint = `[${section}] has ${ofSection.join(', ')}`;
  if (guess !== undefined) hint = `did you mean ${guess}?`;
  if (otherKey !== undefined) hint = `it belongs to [${otherKey.slice(0, otherKey.indexOf('.'))}]`;
  return new ConfigError(`${path}: unknown key ${section}.${name}; ${hint}`);
}
