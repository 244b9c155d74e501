/** The first of the versions of Node that the programs run on, as `engines` of their package.json have it. */
export const FIRST_NODE = 24;

/**
 * Why the program cannot run on a version of Node, or undefined if it can. This file, and those that import it, keep to
 * what old versions can read: all else is loaded when this has been asked.
 * @param version as `process.versions.node` has it
 */
export function nodeFault(version: string): string | undefined {
  const [major] = version.split('.');
  if (Number(major) >= FIRST_NODE) return undefined;
  return `this needs Node ${FIRST_NODE} or newer, and runs on Node ${version}: install a newer one, for example from https://nodejs.org`;
}
