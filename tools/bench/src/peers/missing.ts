import { findProgram } from '@lightspeed/lab';

/** @returns undefined if a program is installed, else that it is not, with the line that installs it. */
export function missing(program: string, install: string): string | undefined {
  return findProgram(program) === undefined ? `${program} not found: \`${install}\`` : undefined;
}
