import type { CommandDescription, OptionDescription } from './description.ts';

/** What a manual page says besides the commands. */
export interface ManualOptions {
  readonly version: string;
  /** When the program was made, in seconds since 1970; no date is given without it. */
  readonly madeAtSecs?: number | undefined;
  /** Names of related pages with their sections: `node.toml(5)`. */
  readonly seeAlso: readonly string[];
}

/** The manual page of a program, section 1, in the macros of `man(7)`. */
export function manualPage(program: CommandDescription, { version, madeAtSecs, seeAlso }: ManualOptions): string {
  const date = madeAtSecs === undefined ? '' : new Date(madeAtSecs * 1_000).toISOString().slice(0, 10);
  const lines = [
    `.TH ${program.name.toUpperCase()} 1 "${date}" "${program.name} ${version}" "LightSpeed"`,
    '.SH NAME',
    `${escaped(program.name)} \\- ${escaped(lowerFirst(program.summary))}`,
    '.SH SYNOPSIS',
    ...leaves(program).flatMap(({ usage }, index) => [...(index === 0 ? [] : ['.br']), `\\fB${escaped(usage).replace(' ', '\\fR ')}`]),
    '.SH DESCRIPTION',
    plainText(program.text),
    ...(program.options.length === 0 ? [] : ['.SH OPTIONS', ...program.options.flatMap(optionLines)]),
    '.SH COMMANDS',
    ...program.commands.flatMap(commandLines),
    ...(program.more === '' ? [] : ['.SH EXAMPLES', ...asItIs(program.more)]),
    '.SH EXIT STATUS',
    plainText('0 for success, 1 for a failure, 2 for a command line that makes no sense.'),
    ...(seeAlso.length === 0 ? [] : ['.SH SEE ALSO', seeAlso.map(reference).join(', ')]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Text for the macros of `man(7)`, in which no character means anything. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('‘', '\\(oq')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga');
}

/** Lines that are shown as they are, each on its own. */
export function asItIs(text: string): readonly string[] {
  return ['.nf', ...text.split('\n').map(plainText), '.fi'];
}

/** A line that begins with a point would be a macro. */
function plainText(text: string): string {
  return escaped(text).replace(/^\./, '\\&.');
}

/** Those that do something themselves. */
function leaves(command: CommandDescription): readonly CommandDescription[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function commandLines(command: CommandDescription): readonly string[] {
  return [
    `.SS "${escaped(command.path)}"`,
    plainText(command.text),
    ...command.options.flatMap(optionLines),
    ...(command.more === '' ? [] : ['.PP', ...asItIs(command.more)]),
    ...command.commands.flatMap(commandLines),
  ];
}

function optionLines({ short, long, value, text }: OptionDescription): readonly string[] {
  const names = [short, long].flatMap((name) => (name === undefined ? [] : [`\\fB${escaped(name)}\\fR`])).join(', ');
  return ['.TP', value === undefined ? names : `${names} \\fI${escaped(value)}\\fR`, plainText(text)];
}

function reference(page: string): string {
  return escaped(page).replace(/^([^(]+)/, '\\fB$1\\fR');
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
