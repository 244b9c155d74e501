import type { CommandDescription, Offer, OptionDescription } from './description.ts';

/** Zsh's completion of a program, as a file `_NAME` of a folder of `$fpath`. Sourcing it works too, after `compinit`. */
export function zshCompletion(program: CommandDescription): string {
  return `#compdef ${program.name}
${functionsOf(program).join('\n')}
if [ "$funcstack[1]" = ${functionName(program)} ]; then
  ${functionName(program)} "$@"
else
  compdef ${functionName(program)} ${program.name}
fi
`;
}

/** One for a command, and those for the commands within it. */
function functionsOf(command: CommandDescription): readonly string[] {
  return [command.commands.length > 0 ? groupFunction(command) : leafFunction(command), ...command.commands.flatMap(functionsOf)];
}

function leafFunction(command: CommandDescription): string {
  const taken = command.offers.map((offer, index) => quoted(`${index + 1}:argument:${action(offer)}`));
  return `${functionName(command)}() {
  ${['_arguments -s', ...command.options.map(optionSpec), ...taken, "'*:file:_files'"].join(' \\\n    ')}
}`;
}

function groupFunction(command: CommandDescription): string {
  const { commands, options } = command;
  return `${functionName(command)}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  ${['_arguments -C', ...options.map(optionSpec), "'1:command:->command'", "'*::words:->words'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands
      commands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    words)
      case $words[1] in
${commands.map((each) => `        ${each.name}) ${functionName(each)} ;;`).join('\n')}
      esac
      ;;
  esac
}`;
}

function functionName({ path }: CommandDescription): string {
  return `_${path.replaceAll(/[ -]/g, '_')}`;
}

/** `*` lets it be repeated; names that mean the same are two of them. */
function optionSpec({ short, long, value, offer, text }: OptionDescription): string {
  const about = `[${text.replaceAll(/[[\]\\]/g, '\\$&')}]${value === undefined ? '' : `:value:${action(offer)}`}`;
  return [short, long].flatMap((name) => (name === undefined ? [] : [quoted(`*${name}${about}`)])).join(' ');
}

function action(offer: Offer): string {
  if (offer === 'file') return '_files';
  if (offer === 'folder') return '_files -/';
  return offer === 'nothing' ? ' ' : `(${offer.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
