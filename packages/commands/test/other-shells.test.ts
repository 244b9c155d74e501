import { execFileSync, spawnSync } from 'node:child_process';
import { describeCommand, fishCompletion, zshCompletion } from '@lightspeed/commands';
import { expect, it } from 'vitest';
import { sampleProgram } from './support/sample-program.ts';

const program = describeCommand(sampleProgram());
const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** What fish offers for a command line, without its descriptions. */
function offeredByFish(line: string): readonly string[] {
  const text = execFileSync('fish', ['--no-config', '-c', `${fishCompletion(program)}\ncomplete -C '${line}'`], { encoding: 'utf8' });
  return text.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0]]));
}

it.skipIf(!has('fish')).each([
  ['sample-game p', ['play']],
  ['sample-game config ', ['box']],
  ['sample-game play --st', ['--state-dir']],
  ['sample-game play --io ', ['auto', 'batch']],
  ['sample-game config box s', ['small']],
  ['sample-game play --pin ', []],
])('fish completes "%s"', (line, expected) => {
  expect(offeredByFish(line)).toEqual(expected);
});

it.skipIf(!has('zsh'))('zsh takes the script, and has a function for each command', () => {
  const ask = `compdef() { registered="$*"; }\n${zshCompletion(program)}\nprint $registered\nprint -l \${(ok)functions[(I)_sample*]}`;
  expect(execFileSync('zsh', ['-f', '-c', ask], { encoding: 'utf8' }).trim().split('\n')).toEqual([
    '_sample_game sample-game',
    '_sample_game',
    '_sample_game_config',
    '_sample_game_config_box',
    '_sample_game_play',
    '_sample_game_read',
  ]);
});

it('zsh gets every option, with choices and kinds of files', () => {
  const script = zshCompletion(program);
  expect(script).toContain(`'*-i[how to move (choices: "auto", "batch")]:value:(auto batch)'`);
  expect(script).toContain(`'*--config[a file \\[TOML\\]]:value:_files'`);
  expect(script).toContain(`'*--state-dir[a folder]:value:_files -/'`);
  expect(script).toContain(`'play:Open a player'\\''s port'`);
});
