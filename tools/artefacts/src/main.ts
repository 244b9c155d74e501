import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ARTEFACTS, obstacleOf } from './artefacts.ts';
import type { Artefact } from './artefacts.ts';
import { ArtefactError } from './base/artefact-error.ts';
import { WORKSPACE } from './base/workspace.ts';

const HELP = `Usage: pnpm artefacts [NAME ...]
       pnpm artefacts --all

Makes what users download, in tools/artefacts/out. Without a name it makes all
that this machine has the tools for, and says what it leaves out.

Names:
${ARTEFACTS.map(({ name, what }) => `  ${name.padEnd(13)}${what}`).join('\n')}

Options:
  --all        make all, and fail if a tool is missing, as a release does
  -h, --help   print this
`;

const OPTIONS = { help: { type: 'boolean', short: 'h' }, all: { type: 'boolean' } } as const;

process.exitCode = await run();

async function run(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const names = values.all === true ? ARTEFACTS.map(({ name }) => name) : positionals;
    return await make(names.length === 0 ? possible() : names.map(named));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^ERR_(ARTEFACT|PARSE_ARGS)_/.test(String(error.code)))) throw error;
    process.stderr.write(`artefacts: ${error.message}\n`);
    return 1;
  }
}

/** All that can be made here. */
function possible(): readonly Artefact[] {
  return ARTEFACTS.filter((artefact) => {
    const obstacle = obstacleOf(artefact);
    if (obstacle !== undefined) process.stderr.write(`artefacts: ${artefact.name} is left out: ${obstacle}\n`);
    return obstacle === undefined;
  });
}

function named(name: string): Artefact {
  const artefact = ARTEFACTS.find((each) => each.name === name);
  const all = ARTEFACTS.map((each) => each.name).join(', ');
  if (artefact === undefined) throw new ArtefactError('ERR_ARTEFACT_UNKNOWN', `artefact '${name}' is not known: use ${all}`);
  const obstacle = obstacleOf(artefact);
  if (obstacle !== undefined) throw new ArtefactError('ERR_ARTEFACT_TOOL_MISSING', `${name} cannot be made: ${obstacle}`);
  return artefact;
}

/** What is last is made of what is there, also if others could not be made. */
async function make(artefacts: readonly Artefact[]): Promise<number> {
  const [first, last] = [false, true].map((isLast) => artefacts.filter((artefact) => (artefact.isLast ?? false) === isLast));
  const code = await runTargets(first);
  return (await runTargets(last)) || code;
}

/** Nx makes them, and takes what has not changed from its cache. */
async function runTargets(artefacts: readonly Artefact[]): Promise<number> {
  if (artefacts.length === 0) return 0;
  const targets = artefacts.flatMap(({ name }) => ['-t', name]);
  const words = ['run-many', '-p', 'artefacts', ...targets, '--output-style=stream'];
  const nx = spawn(join(WORKSPACE, 'node_modules/.bin/nx'), words, { cwd: WORKSPACE, stdio: 'inherit' });
  const [code] = (await once(nx, 'close')) as [number | null];
  return code ?? 1;
}
