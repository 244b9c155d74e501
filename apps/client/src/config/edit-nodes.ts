import { configError, parseToml } from './toml-file.ts';
import { parseClientConfig } from './client-config.ts';
import type { NodeKey } from './client-config.ts';
import { keyOf, linesOfTable } from './toml-lines.ts';

/** What a node of a file of settings is to say; a key that is undefined is taken out. */
export type NodeChange = { readonly [Key in NodeKey]?: string | undefined };

/**
 * The text of a file of settings with one more node at its end, or with a node changed. Everything else stays as the user wrote it.
 * @param index which node to change, counted from 0; undefined adds one.
 * @throws {ClientError} `ERR_CLIENT_CONFIG` if the file writes its nodes in a form that cannot be changed line by line.
 */
export function editNodes(path: string, text: string, index: number | undefined, change: NodeChange): string {
  const edited = index === undefined ? withNode(text, change) : withChange(text, index, change);
  try {
    const { nodes } = parseClientConfig({ path, text: edited, root: parseToml(path, edited) });
    const node = nodes.at(index ?? -1);
    const isDone = Object.entries(change).every(([key, value]) => node?.[key as NodeKey]?.texts[0] === value);
    if (isDone) return edited;
  } catch {
    // Below.
  }
  const lines = keyLines(change).map((line) => line.replace(/^ticket = .*/, 'ticket = ...'));
  throw configError(
    path,
    `its nodes do not stand in tables [[nodes]] of their own, and so it is left as it is; change it yourself: ${lines.join('; ')}`,
  );
}

function withNode(text: string, change: NodeChange): string {
  const end = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${end}[[nodes]]\n${keyLines(change).join('\n')}\n`;
}

function withChange(text: string, index: number, change: NodeChange): string {
  const lines = text.split('\n');
  const { first, end } = linesOfTable(text, { name: 'nodes', index });
  if (first >= lines.length) return text;
  const table = lines.slice(first + 1, end).filter((line) => !isChanged(line, change));
  // What separates it from the next table, and comments of that, stay behind it.
  let last = table.length;
  while (last > 0 && keyOf(table[last - 1]) === undefined) last--;
  return [...lines.slice(0, first + 1), ...table.slice(0, last), ...keyLines(change), ...table.slice(last), ...lines.slice(end)].join('\n');
}

function isChanged(line: string, change: NodeChange): boolean {
  const key = keyOf(line);
  return key !== undefined && Object.hasOwn(change, key);
}

/** JSON's texts are TOML's too. */
function keyLines(change: NodeChange): string[] {
  return Object.entries(change).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`]));
}
