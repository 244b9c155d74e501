import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WORKSPACE } from '../src/base/workspace.ts';
import type { Program } from '../src/base/workspace.ts';

const sourceOf = (app: Program, file: string) => join(WORKSPACE, 'apps', app, 'src', file);
/** Has Node print the address of each module that it loads, by import or require, and of each addon. */
const TELLING = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
const tell = (what) => writeSync(2, 'loads ' + what + '\\n');
registerHooks({ load(url, context, next) { tell(url); return next(url, context); } });
const { dlopen } = process;
process.dlopen = (module, file, ...rest) => { tell(file); return dlopen.call(process, module, file, ...rest); };
`)}`;
const LARGE = /currentspace|\/koffi\/|koromix|\.node$|\.wasm$/;

/** A keepalive, for `decode` on standard input. */
const PACKET = '11000005000F4240000000000000000000000000';

async function loadedBy(app: Program, words: readonly string[]): Promise<readonly string[]> {
  const child = promisify(execFile)(process.execPath, [
    ...['--conditions=@lightspeed/source', `--import=${TELLING}`],
    sourceOf(app, 'main.ts'),
    ...words,
  ]);
  child.child.stdin?.end(PACKET);
  const { stderr } = await child;
  return [...stderr.matchAll(/^loads (.*)$/gm)].map(([, what]) => what);
}

const COMMANDS: readonly (readonly [app: Program, command: string])[] = [
  ['client', '--version'],
  ['client', '--help'],
  ['client', 'play --help'],
  ['client', 'decode --help'],
  ['client', 'decode -'],
  ['proxy', '--version'],
  ['proxy', '--help'],
  ['proxy', 'serve --help'],
  ['proxy', 'ticket keygen --help'],
];

describe('what takes long to load is left where it is', () => {
  it.each(COMMANDS)('by %s %s', async (app, command) => {
    const loaded = await loadedBy(app, command.split(' '));
    expect(loaded).toContain(pathToFileURL(sourceOf(app, 'cli/program.ts')).href);
    expect(loaded.filter((what) => LARGE.test(what))).toEqual([]);
  });
});
