import { asItIs, escaped } from '@lightspeed/commands';

interface Key {
  readonly name: string;
  /** As the file would say it; undefined for a key that has none. */
  readonly value: string | undefined;
  readonly text: string;
}

interface Section {
  readonly name: string;
  readonly keys: readonly Key[];
}

/**
 * The manual page node.toml(5), from docs/operating.md, Configuration file, which has every key with its default.
 * @param page the text of docs/operating.md.
 * @param date as `2026-11-28`.
 * @throws {Error} if the page has no such section.
 */
export function configManual(page: string, version: string, date: string): string {
  const sections = parseSections(page);
  const lines = [
    `.TH NODE.TOML 5 "${date}" "lightspeed\\-proxy ${version}" "LightSpeed"`,
    '.SH NAME',
    'node.toml \\- configuration of a LightSpeed relay node',
    '.SH SYNOPSIS',
    '/etc/lightspeed/node.toml',
    '.SH DESCRIPTION',
    escaped('The file is TOML. Each key may be left out. A node does not start with an unknown key, or a value that is not allowed.'),
    ...sections.flatMap(({ name, keys }) => [`.SH "[${escaped(name)}]"`, ...keys.flatMap(keyLines)]),
    '.SH EXAMPLES',
    escaped('Show what the file means, and have a node take it on:'),
    '.PP',
    ...asItIs('lightspeed-proxy serve --config /etc/lightspeed/node.toml --check\nsystemctl reload lightspeed-proxy'),
    '.SH SEE ALSO',
    '\\fBlightspeed\\-proxy\\fR(1)',
  ];
  return `${lines.join('\n')}\n`;
}

function keyLines({ name, value, text }: Key): readonly string[] {
  const given = value === undefined ? '' : ` = ${escaped(value)}`;
  return ['.TP', `\\fB${escaped(name)}\\fR${given}`, text === '' ? '\\&' : escaped(text)];
}

function parseSections(page: string): readonly Section[] {
  const block = /^## Configuration file$[\s\S]*?^```toml\n([\s\S]*?)^```$/m.exec(page)?.[1];
  if (block === undefined) throw new Error('docs/operating.md has no TOML under "Configuration file", from which node.toml(5) is made');
  return block
    .split(/^\[/m)
    .slice(1)
    .map((text) => {
      const [name, ...lines] = text.split('\n');
      return { name: name.replace(/\].*$/, ''), keys: lines.flatMap(parseKey) };
    });
}

function parseKey(line: string): readonly Key[] {
  const assigned = /^(?:# )?([a-z_]+) = (.*?)\s*(?:# (.*))?$/.exec(line);
  if (assigned !== null) return [{ name: assigned[1], value: assigned[2], text: assigned[3] ?? '' }];
  const described = /^# ([a-z_]+): (.*)$/.exec(line);
  return described === null ? [] : [{ name: described[1], value: undefined, text: described[2] }];
}
