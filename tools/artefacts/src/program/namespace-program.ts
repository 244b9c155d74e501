import { programScript } from './program-files.ts';

/** The words that run the helper of one game. It takes the place of the one of `@lightspeed/capture`, see src/bundle/seams.ts. */
export function namespaceProgram(): readonly string[] {
  return [process.execPath, programScript('namespace-helper.js')];
}
