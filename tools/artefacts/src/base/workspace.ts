import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the whole workspace. */
export const WORKSPACE = join(import.meta.dirname, '../../../..');
/** Where artefacts go. Git ignores it. */
export const OUT = join(import.meta.dirname, '../../out');

/** The programs that users run. */
export const PROGRAMS = ['client', 'proxy'] as const;

/** One of {@link PROGRAMS}. */
export type Program = (typeof PROGRAMS)[number];

/** What users type to start each of them. */
export const COMMANDS: Readonly<Record<Program, string>> = { client: 'lightspeed', proxy: 'lightspeed-proxy' };

/** What a program's package says of itself. @throws {Error} what the system says. */
export function manifestOf(program: Program): { readonly name: string; readonly version: string; readonly license: string } {
  const file = join(WORKSPACE, 'apps', program, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string; license: string };
}
