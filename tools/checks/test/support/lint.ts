import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { workspaceRoot } from '../../src/workspace-root.ts';

/** One complaint of the linter. `line` counts from 1. */
export interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/**
 * Lints files that exist, with the workspace's own configuration but without its list of ignored folders, so that fixtures are seen.
 *
 * @param pattern a path or glob, relative to the workspace
 */
export async function lintFiles(pattern: string): Promise<Complaint[]> {
  const eslint = new ESLint({ cwd: workspaceRoot, ignore: false });
  return complaintsOf(await eslint.lintFiles([pattern]));
}

/**
 * Lints text as though it stood in a file of the workspace. Rules that need types are off, because the file need not exist.
 *
 * @param path where the text would stand, relative to the workspace
 */
export async function lintText(path: string, text: string): Promise<Complaint[]> {
  const eslint = new ESLint({ cwd: workspaceRoot, overrideConfig: [tseslint.configs.disableTypeChecked] });
  return complaintsOf(await eslint.lintText(text, { filePath: path }));
}

function complaintsOf(results: readonly ESLint.LintResult[]): Complaint[] {
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, ruleId, message }) => ({ file: filePath.slice(workspaceRoot.length), line, rule: ruleId ?? 'fatal', message })),
  );
}
