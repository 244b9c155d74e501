import { runProgram } from './node-program.ts';

/** What a program prints for `--help`. */
export interface HelpText {
  /** As it is called, `lightspeed-proxy ticket issue` for example. */
  readonly command: string;
  readonly text: string;
}

/** A line of the section "Commands": two spaces, and the command's name. */
const COMMAND = /^ {2}([a-z-]+)(?= )/gm;

/** The help texts of a program and of all commands below it. Throws if one cannot be printed. */
export async function helpTexts(program: string, command: readonly string[] = []): Promise<HelpText[]> {
  const { ok, output } = await runProgram(program, [...command, '--help']);
  const name = [program, ...command].join(' ');
  if (!ok) throw new Error(`${name} --help failed:\n${output}`);
  const [, section = ''] = /^Commands:\n((?: .*\n)+)/m.exec(output) ?? [];
  const below = [...section.matchAll(COMMAND)].map(([, word]) => word ?? '').filter((word) => word !== 'help');
  const texts = await Promise.all(below.map((word) => helpTexts(program, [...command, word])));
  return [{ command: name, text: output }, ...texts.flat()];
}
