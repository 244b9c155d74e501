import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bashCompletion, describeCommand } from '@lightspeed/commands';
import { afterAll, describe, expect, it } from 'vitest';
import { sampleProgram } from './support/sample-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'bash-completion-'));
writeFileSync(join(folder, 'a file.toml'), '');
mkdirSync(join(folder, 'a folder'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = bashCompletion(describeCommand(sampleProgram()));

/** What a real bash offers for the last of the words, as it takes `=` for a word of its own. */
function offered(...words: readonly string[]): readonly string[] {
  const ask = `compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_sample_game
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', `${script}\n${ask}`, 'bash', ...words], { cwd: folder, encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '');
}

const hasBash = process.platform !== 'win32';

describe.skipIf(!hasBash)('completion in bash', () => {
  it.each([
    ['commands', ['sample-game', 'p'], ['play']],
    ['commands of a command', ['sample-game', 'config', ''], ['box', '-h', '--help']],
    ['options of a command', ['sample-game', 'play', '--st'], ['--state-dir']],
    ['choices of an option', ['sample-game', 'play', '--io', ''], ['auto', 'batch']],
    ['choices by the short name', ['sample-game', 'play', '-i', 'b'], ['batch']],
    ['choices behind =', ['sample-game', 'play', '--io', '=', 'b'], ['batch']],
    ['all choices directly behind =', ['sample-game', 'play', '--io', '='], ['auto', 'batch']],
    ['choices of an argument', ['sample-game', 'config', 'box', 's'], ['small']],
    ['files, with spaces in their names', ['sample-game', 'play', '--config', 'a fi'], ['a file.toml']],
    ['folders only', ['sample-game', 'play', '--state-dir', 'a'], ['a folder']],
    ['nothing for a value that nobody can guess', ['sample-game', 'play', '--pin', ''], []],
    ['files for an argument that is one', ['sample-game', 'read', 'a fi'], ['a file.toml']],
    ['options beside an argument that is a file', ['sample-game', 'read', '--h'], ['--help']],
    ['files behind --', ['sample-game', 'play', '--', 'a fi'], ['a file.toml']],
  ])('offers %s', (_what, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});
