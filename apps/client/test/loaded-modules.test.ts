import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
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

async function loadedBy(...words: readonly string[]): Promise<readonly string[]> {
  const child = promisify(execFile)(process.execPath, ['--conditions=@lightspeed/source', `--import=${TELLING}`, MAIN, ...words]);
  child.child.stdin?.end(PACKET);
  const { stderr } = await child;
  return [...stderr.matchAll(/^loads (.*)$/gm)].map(([, what]) => what);
}

describe('what takes long to load is left where it is', () => {
  it.each(['--version', '--help', 'play --help', 'decode --help', 'decode -'])('by %s', async (command) => {
    const loaded = await loadedBy(...command.split(' '));
    expect(loaded).toContain(new URL('../src/cli/program.ts', import.meta.url).href);
    expect(loaded.filter((what) => LARGE.test(what))).toEqual([]);
  });
});
