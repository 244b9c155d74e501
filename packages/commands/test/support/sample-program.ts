import { Argument, Command, Option } from 'commander';

/** A program with what the real ones have: commands in commands, choices, files, and words that shells and roff take for theirs. */
export function sampleProgram(): Command {
  const program = new Command('sample-game').description("Play a sample. It's short.").version('1.2.3');
  program
    .command('play')
    .description("Open a player's port. Then wait.")
    .addOption(new Option('-i, --io <engine>', 'how to move').choices(['auto', 'batch']))
    .option('--config <FILE>', 'a file [TOML]')
    .option('--state-dir <DIR>', 'a folder')
    .option('--pin <pin>', 'a pin, \\ and all')
    .option('--open', 'admit everybody')
    .addHelpText('after', "\nExamples:\n  $ sample-game play --open\n.not a macro\n'nor this");
  program.command('read').description('Read a file.').argument('<file>');
  program
    .command('config')
    .description('Configure others.')
    .command('box')
    .description('Configure a box.')
    .addArgument(new Argument('<kind>').choices(['small', 'large']));
  return program;
}
