import { withInner } from './description.ts';
import type { CommandDescription, OptionDescription } from './description.ts';

/** Fish's completion of a program, as a file to source. */
export function fishCompletion(program: CommandDescription): string {
  const all = withInner(program);
  const name = `__${program.name.replaceAll('-', '_')}_command`;
  return `# fish completion of ${program.name}
function ${name} --description 'whether the command that is typed is this one'
    set -l path ${program.name}
    for word in (commandline -opc)[2..-1]
        switch "$path $word"
${all
  .slice(1)
  .map(({ path }) => `            case '${path}'\n                set path '${path}'`)
  .join('\n')}
        end
    end
    test "$path" = "$argv"
end
complete -c ${program.name} -f
${all.flatMap((command) => lines(program.name, `${name} ${command.path}`, command)).join('\n')}
`;
}

function lines(program: string, condition: string, { commands, options, offers: [first] }: CommandDescription): readonly string[] {
  const begin = `complete -c ${program} -n ${quoted(condition)}`;
  const files = first === 'file' || first === 'folder' ? [`${begin} -F`] : [];
  const words = typeof first === 'object' ? [`${begin} -a ${quoted(first.join(' '))}`] : [];
  return [
    ...commands.map(({ name, summary }) => `${begin} -a ${name} -d ${quoted(summary)}`),
    ...files,
    ...words,
    ...options.map((option) => `${begin} ${optionWords(option)}`),
  ];
}

function optionWords({ short, long, value, offer, text }: OptionDescription): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  const files = offer === 'file' || offer === 'folder' ? ' -r -F' : ' -x';
  const taken = value === undefined ? '' : files;
  const words = typeof offer === 'object' ? ` -a ${quoted(offer.join(' '))}` : '';
  return `${names}${taken}${words} -d ${quoted(text)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
