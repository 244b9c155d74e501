import { Command } from 'commander';
import type { ErrorOptions } from 'commander';
import { closest } from '../config/closest.ts';

/** Shorter words are a part of many names. */
const MIN_PART_LENGTH = 3;
/** Errors that the command's help answers. Those about a value say what is allowed themselves. */
const ANSWERED_BY_HELP: readonly (string | undefined)[] = [
  'commander.excessArguments',
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.unknownCommand',
  'commander.unknownOption',
];

/** A command whose errors name what was probably meant, and the help to read. Its help begins with what it requires. */
export class CommandWithHints extends Command {
  #unknown: readonly string[] = [];

  constructor(name?: string) {
    super(name);
    this.showSuggestionAfterError(false).configureHelp({ commandUsage: usageOf });
  }

  override createCommand(name?: string): CommandWithHints {
    return new CommandWithHints(name);
  }

  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv);
    this.#unknown = parsed.unknown;
    return parsed;
  }

  override error(message: string, options?: ErrorOptions): never {
    const text = message.replace(/^error: /, '');
    if (!ANSWERED_BY_HELP.includes(options?.code)) return super.error(text, options);
    return super.error(`${this.#withHint(text.replace(/\.$/, ''), options?.code)}; see ${pathOf(this)} --help`, options);
  }

  #withHint(text: string, code: string | undefined): string {
    if (code === 'commander.unknownCommand') {
      const names = this.commands.map((command) => command.name());
      return `${text}${suggestion(this.args[0], names) ?? `; commands: ${names.join(', ')}`}`;
    }
    // A required option that seems to be missing may be the one that was mistyped.
    if (code !== 'commander.unknownOption' && (code !== 'commander.missingMandatoryOptionValue' || this.#unknown.length === 0)) return text;
    const [given] = this.#unknown[0].split('=');
    const known = this.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
    return `unknown option '${given}'${suggestion(given, known) ?? ''}`;
  }
}

/** As Commander's, with the options that have to be given. */
function usageOf(command: Command): string {
  const required = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags);
  return [pathOf(command), ...required, command.usage()].join(' ');
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The names of which the word is a part; otherwise the nearest one. */
function suggestion(word: string, names: readonly string[]): string | undefined {
  const bare = (name: string) => name.replace(/^--/, '');
  if (bare(word).length < MIN_PART_LENGTH) return undefined;
  const near = closest(bare(word), names.map(bare));
  const wholes = names.filter((name) => name.includes(bare(word)));
  const meant = wholes.length > 0 ? wholes : names.filter((name) => bare(name) === near);
  return meant.length === 0 ? undefined : ` (Did you mean ${meant.join(' or ')}?)`;
}
