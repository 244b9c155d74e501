import { withInner } from './description.ts';
import type { CommandDescription, Offer } from './description.ts';

/** Bash's completion of a program, as a script to source. It needs no other package. */
export function bashCompletion(program: CommandDescription): string {
  const all = withInner(program);
  const name = `_${program.name.replaceAll('-', '_')}`;
  return `# bash completion of ${program.name}
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=${program.name} offered='' kind=words i
  # Bash takes --option=value apart into three words.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]] && ((COMP_CWORD > 1)); then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
${all
  .slice(1)
  .map(({ path }) => `      '${path}') command='${path}' ;;`)
  .join('\n')}
      *' --') kind=file ;;
    esac
  done
  if [[ $kind == words ]]; then
    case "$command $previous" in
${all.flatMap(valueCases).join('\n')}
      *)
        case $command in
${all.map((command) => `          '${command.path}') offered='${words(command)}'${argumentKind(command)} ;;`).join('\n')}
        esac
        [[ $current == -* ]] && kind=words
        ;;
    esac
  fi
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current") ;;
    file)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    folder)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
  esac
}
complete -F ${name} ${program.name}
`;
}

/** What follows an option that takes a value. */
function valueCases({ path, options }: CommandDescription): readonly string[] {
  return options
    .filter(({ value }) => value !== undefined)
    .map(({ short, long, offer }) => {
      const names = short === undefined ? [long] : [short, long];
      return `      ${names.map((each) => `'${path} ${each}'`).join(' | ')}) ${assignment(offer)} ;;`;
    });
}

function assignment(offer: Offer): string {
  return typeof offer === 'string' ? `kind=${offer}` : `offered='${offer.join(' ')}'`;
}

function words({ options, commands, offers }: CommandDescription): string {
  const [first] = offers;
  return [
    ...commands.map(({ name }) => name),
    ...(typeof first === 'object' ? first : []),
    ...options.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long])),
  ].join(' ');
}

function argumentKind({ offers: [first] }: CommandDescription): string {
  return first === 'file' || first === 'folder' ? ` kind=${first}` : '';
}
