import type { Page } from './pages.ts';

/** What a source file declares and exports in one line, with its name. */
const EXPORT = /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/;

/**
 * The exports that nothing is said of: no comment ends on the line before. Of the overloads of a function only the first
 * needs one.
 * @returns `path:line: name` for each
 */
export function exportsWithoutDocstring({ path, text }: Page): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const name = EXPORT.exec(line)?.[1];
    const before = lines[at - 1] ?? '';
    if (name === undefined || before.trimEnd().endsWith('*/') || EXPORT.exec(before)?.[1] === name) return [];
    return [`${path}:${String(at + 1)}: ${name}`];
  });
}
