import { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';

/** What a shell can offer for a value: names of files or folders, one of some words, or nothing. */
export type Offer = 'file' | 'folder' | 'nothing' | readonly string[];

/** An option, as completions and manuals need it. */
export interface OptionDescription {
  /** `-h`, without which many options do. */
  readonly short: string | undefined;
  /** `--help`. */
  readonly long: string;
  /** What stands for the value, `<file>`; undefined for an option that takes none. */
  readonly value: string | undefined;
  /** What a shell can offer for the value. */
  readonly offer: Offer;
  /** In words, with choices and default. */
  readonly text: string;
}

/** A command with its options, and the commands within it. */
export interface CommandDescription {
  readonly name: string;
  /** The names that lead to it, the program's first: `lightspeed config sing-box`. */
  readonly path: string;
  /** What it does, in one or more sentences. */
  readonly text: string;
  /** The first sentence, without its full stop. */
  readonly summary: string;
  /** What is typed: `lightspeed import [options] <text>`. */
  readonly usage: string;
  /** Further text of its `--help`, such as examples; may be empty. */
  readonly more: string;
  readonly options: readonly OptionDescription[];
  /** Of each argument, in order, what a shell can offer. */
  readonly offers: readonly Offer[];
  readonly commands: readonly CommandDescription[];
}

/**
 * What a command and those within it take, in plain values: all that `--help` shows.
 * @param above the names that lead to it, with a space behind them.
 */
export function describeCommand(command: Command, above = ''): CommandDescription {
  const help = command.createHelp();
  const path = `${above}${command.name()}`;
  const text = command.description();
  return {
    name: command.name(),
    path,
    text,
    summary: (command.summary() || text).split(/(?<=\.)\s/)[0].replace(/\.$/, ''),
    usage: help.commandUsage(command),
    more: textAfter(command),
    options: help.visibleOptions(command).map((option) => describeOption(option, help.optionDescription(option))),
    offers: command.registeredArguments.map((argument) => argument.argChoices ?? offerFor(argument.name())),
    commands: help
      .visibleCommands(command)
      .filter(isOwn)
      .map((each) => describeCommand(each, `${path} `)),
  };
}

/** A command, and all within it. */
export function withInner(command: CommandDescription): readonly CommandDescription[] {
  return [command, ...command.commands.flatMap(withInner)];
}

/** Commander makes a command `help` by itself, which does what `--help` does. */
function isOwn(command: Command): boolean {
  return command.parent !== null;
}

function describeOption(option: Option, text: string): OptionDescription {
  const value = /[<[].*$/.exec(option.flags)?.[0];
  return {
    short: option.short ?? undefined,
    long: option.long ?? option.flags,
    value,
    offer: value === undefined ? 'nothing' : (option.argChoices ?? offerFor(value)),
    text,
  };
}

/** By the word that stands for a value: `<FILE>`, `<file|text>`, `<DIR>`. */
function offerFor(name: string): Offer {
  if (/\bfile\b/i.test(name)) return 'file';
  return /\b(dir|folder)\b/i.test(name) ? 'folder' : 'nothing';
}

/** Commander has such texts written by listeners, as they may be functions of what is asked. */
function textAfter(command: Command): string {
  let text = '';
  const write = (piece: string) => {
    text += piece;
  };
  // Its declarations do not say that a command is an emitter.
  if (command instanceof EventEmitter) command.emit('afterHelp', { error: false, command, write });
  return text.trim();
}
