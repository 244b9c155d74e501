import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLines, optionsOf } from './support/command-lines.ts';
import type { CommandLine } from './support/command-lines.ts';
import { PROGRAMS, runProgram } from './support/node-program.ts';
import { readPages } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const commands = readPages(workspaceRoot).flatMap(({ path, text }) => commandLines(text).map((command) => ({ path, command })));
const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const OF_PNPM = ['install', 'exec', 'pack', 'add', '--filter'];

/** Subcommands that have subcommands. */
const GROUPS = ['ticket', 'bans', 'config'];

/** The program of a command line, and its subcommands if they come next: what is asked for `--help`. */
function programOf(command: CommandLine): string[] {
  const [first = '', second = '', third = ''] = command;
  if (first === 'pnpm') return [`pnpm ${second}`];
  if (!/^[a-z]+$/.test(second)) return [first];
  return GROUPS.includes(second) && /^[a-z-]+$/.test(third) ? [first, second, third] : [first, second];
}

/** What each program says to `--help`, '' if it says that there is no such command. Asked once, all at the same time. */
const helps = new Map<string, Promise<string>>();

function helpOf([program = '', ...subcommand]: readonly string[]): Promise<string> {
  const key = [program, ...subcommand].join(' ');
  const asked = helps.get(key) ?? runProgram(program, [...subcommand, '--help']).then(({ ok, output }) => (ok ? output : ''));
  helps.set(key, asked);
  return asked;
}

test('the documentation shows commands of every program', () => {
  const shown = commands.map(({ command }) => programOf(command)[0]);

  expect(PROGRAMS.filter((program) => !shown.includes(program))).toEqual([]);
});

/** Many processes, which a busy machine starts slowly. */
const HELP_TIMEOUT_MS = 300_000;

test(
  'every command that the documentation shows is there, and has the options that it shows',
  async () => {
    const faults = await Promise.all(
      commands.map(async ({ path, command }) => (await faultsOf(command)).map((fault) => `${path}: ${command.join(' ')}: ${fault}`)),
    );

    expect(faults.flat()).toEqual([]);
  },
  HELP_TIMEOUT_MS,
);

async function faultsOf(command: CommandLine): Promise<string[]> {
  const [program = '', ...subcommand] = programOf(command);
  if (!PROGRAMS.includes(program)) {
    const script = program.replace('pnpm ', '');
    const known = command.length === 1 || OF_PNPM.includes(script) || Object.hasOwn(scripts, script);
    return known ? [] : ['there is no such command'];
  }
  const help = await helpOf([program, ...subcommand]);
  if (help === '') return ['there is no such command'];
  return optionsOf(command)
    .filter((option) => !new RegExp(`${option}(?![\\w-])`).test(help))
    .map((option) => `${option} is not in its help`);
}

test.each([
  ['docs/operating.md', 'lightspeed-proxy serve'],
  ['docs/operating.md', 'lightspeed-proxy drain'],
  ['docs/operating.md', 'lightspeed-proxy ticket issue'],
  ['docs/operating.md', 'lightspeed-proxy ticket inspect'],
  ['docs/operating.md', 'lightspeed-proxy ticket revoke'],
  ['docs/playing.md', 'lightspeed play'],
])('on %s every option of %s stands', async (page, program) => {
  const text = readFileSync(join(workspaceRoot, page), 'utf8');
  const help = await helpOf(program.split(' '));
  const options = [...help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option ?? '').filter((option) => option !== '--help');

  expect(options).not.toEqual([]);
  expect(options.filter((option) => !text.includes(`\`${option}`) && !text.includes(` ${option}`))).toEqual([]);
});
