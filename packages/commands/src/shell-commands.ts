import { Argument } from 'commander';
import type { Command } from 'commander';
import { bashCompletion } from './bash.ts';
import { describeCommand } from './description.ts';
import type { CommandDescription } from './description.ts';
import { fishCompletion } from './fish.ts';
import { manualPage } from './manual.ts';
import type { ManualOptions } from './manual.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS: Readonly<Record<string, (program: CommandDescription) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/**
 * Adds `completion` and `manual` to a program, behind all its other commands. Packages for Linux are made with them, see
 * docs/operating.md, Install a package.
 * @param print writes to standard output; the text ends with a line feed.
 */
export function addShellCommands(program: Command, manual: ManualOptions, print: (text: string) => void): void {
  const name = program.name();
  program
    .command('completion')
    .summary('print completions for a shell')
    .description(`Prints a script that lets a shell complete the commands and options of ${name}.`)
    .helpOption('-h, --help', 'print this')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SHELLS)))
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Examples:
  $ ${name} completion bash > ~/.local/share/bash-completion/completions/${name}
  $ ${name} completion fish > ~/.config/fish/completions/${name}.fish
  $ ${name} completion zsh > ~/.zfunc/_${name}
  where ~/.zshrc has: fpath+=~/.zfunc; autoload -Uz compinit; compinit`,
    )
    .action((shell: string) => print(SHELLS[shell](describeCommand(program))));
  program
    .command('manual')
    .summary('print the manual page')
    .description(`Prints the manual page of ${name} in the form that man reads.`)
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExample:\n  $ ${name} manual | man -l -`)
    .action(() => print(manualPage(describeCommand(program), { madeAtSecs: sourceDate(process.env.SOURCE_DATE_EPOCH), ...manual })));
}

/** What builds of packages set, so that two of them are the same. */
function sourceDate(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
