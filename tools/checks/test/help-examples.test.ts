import { expect, test } from 'vitest';
import { helpTexts } from './support/help-texts.ts';
import type { HelpText } from './support/help-texts.ts';

/** Many processes, which a busy machine starts slowly. */
const HELP_TIMEOUT_MS = 300_000;

test.each(['lightspeed', 'lightspeed-proxy'])(
  'each command of %s says what it requires, and shows an example of itself that has all of that',
  async (program) => {
    const texts = await helpTexts(program);
    const commands = texts.filter(({ text }) => !text.includes('\nCommands:\n'));

    expect(commands.length).toBeGreaterThan(8);
    expect(commands.filter((command) => !hasExample(command)).map(({ command }) => command)).toEqual([]);
  },
  HELP_TIMEOUT_MS,
);

function hasExample({ command, text }: HelpText): boolean {
  const [, usage = ''] = /^Usage: (.*)/.exec(text) ?? [];
  const required = [...usage.matchAll(/(--[\w-]+) </g)].map(([, option]) => ` ${option ?? ''} `);
  const takesArgument = /\] <[^>]+>$/.test(usage);
  const [, examples = ''] = /\nExamples?\b.*\n([^]*)$/.exec(text) ?? [];
  const call = new RegExp(`(?:^|[ $])${command}( .*)?$`);
  return examples.split('\n').some((line) => {
    const [, words = ''] = call.exec(line) ?? [];
    return call.test(line) && required.every((option) => words.includes(option)) && (!takesArgument || words !== '');
  });
}
