import { IS_SINGLE_FILE, programScript } from './program-files.ts';
import { NAMESPACE_HELPER } from './roles.ts';

/** The words that run the helper of one game. It takes the place of the one of `@lightspeed/capture`, see src/bundle/seams.ts. */
export function namespaceProgram(): readonly string[] {
  return [process.execPath, IS_SINGLE_FILE ? NAMESPACE_HELPER : programScript('namespace-helper.js')];
}
