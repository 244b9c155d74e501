/** A table of a TOML file: that of a `[name]`, or of the `[[name]]` with this number, counted from 0. */
export interface TablePlace {
  readonly name: string;
  readonly index: number;
}

const HEADER = /^\s*\[{1,2}\s*"?([^\]"]+?)"?\s*\]{1,2}/;
const KEY = /^\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*[.=]/;

/**
 * The line of a key, counted from 1, as the parser does not keep it. Without a line
 * `key = value` in the table, it is the table's first line.
 * @param table undefined for the keys in front of all tables.
 */
export function lineOfKey(text: string, table: TablePlace | undefined, key: string): number {
  const { first, end } = linesOfTable(text, table);
  const lines = text.split('\n');
  for (let line = first; line < end; line++) {
    if (keyOf(lines[line]) === key) return line + 1;
  }
  if (table === undefined) return 1;
  // In an array of inline tables the name stands in front of all tables.
  return first < lines.length ? first + 1 : lineOfKey(text, undefined, table.name);
}

/**
 * Where a table stands: its header's line, and the line behind its last, both counted from 0. A table that has no header of its
 * own begins behind the last line.
 */
export function linesOfTable(text: string, table: TablePlace | undefined): { readonly first: number; readonly end: number } {
  const lines = text.split('\n');
  let first = table === undefined ? 0 : lines.length;
  let seen = -1;
  for (const [line, content] of lines.entries()) {
    const name = HEADER.exec(content)?.[1];
    if (name === undefined) continue;
    if (first < lines.length) return { first, end: line };
    if (name === table?.name && ++seen === table.index) first = line;
  }
  return { first, end: lines.length };
}

/** The key that a line gives a value to, if any. */
export function keyOf(line: string): string | undefined {
  const [, double, single, bare] = KEY.exec(line) ?? [];
  return double ?? single ?? bare;
}
