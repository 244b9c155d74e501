import { codeBlocks, inlineCode } from './markdown.ts';

/** A command as a page shows it, split into words. */
export type CommandLine = readonly string[];

/** A block without a language may show output as well: lines that do not start one of our programs are left out. */
const SHELLS = ['sh', 'bash', 'console', 'shell', ''];

/**
 * The command lines of a page that start this project's programs: in its shell blocks, in `ExecStart=` of a systemd unit, and between
 * backticks. `npx -y pnpm@VERSION`, `sudo`, `./` and `$ ` in front are taken off.
 */
export function commandLines(text: string): CommandLine[] {
  const blocks = codeBlocks(text);
  const lines = blocks.filter(({ language }) => SHELLS.includes(language)).flatMap(({ code }) => code.replace(/\\\n\s*/g, ' ').split('\n'));
  const units = blocks.flatMap(({ code }) => [...code.matchAll(/^ExecStart=(.+)$/gm)].map(([, command]) => command ?? ''));
  return [...lines, ...units, ...inlineCode(text)].map(words).filter(([program]) => program !== undefined && OURS.has(program));
}

const OURS = new Set(['lightspeed', 'lightspeed-proxy', 'pnpm']);

/** Splits as a shell does, as far as documentation needs it, and brings every way to start a program to the same form. */
function words(line: string): string[] {
  const all = [...line.matchAll(/"[^"]*"|'[^']*'|[^\s"']+/g)].map(([word]) => word.replace(/^(["'])(.*)\1$/, '$2'));
  const comment = all.findIndex((word) => word.startsWith('#'));
  const list = comment < 0 ? all : all.slice(0, comment);
  while (list[0] === '$' || list[0] === 'sudo') list.shift();
  if (list[0]?.startsWith('./') === true) list[0] = list[0].slice(2);
  if (list[0] === 'npx' && list[2]?.startsWith('pnpm@') === true) list.splice(0, 3, 'pnpm');
  const main = list.findIndex((word) => word.endsWith('/dist/main.js'));
  if (main >= 0) list.splice(0, main + 1, list[main]?.includes('/proxy/') === true ? 'lightspeed-proxy' : 'lightspeed');
  if (list[0] === 'pnpm' && list[1] === 'proxy') list.splice(0, 2, 'lightspeed-proxy');
  if (list[0] === 'pnpm' && list[1] === 'client') list.splice(0, 2, 'lightspeed');
  return list;
}

/** The long options of a command line, without their values. */
export function optionsOf(command: CommandLine): string[] {
  return command.filter((word) => word.startsWith('--') && word.length > 2).map((word) => word.replace(/=.*$/, ''));
}
