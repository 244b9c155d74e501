/*
 * A single file is several programs. These are the first words of command lines by which it starts itself as another one than the
 * client; see src/single-file/entries.ts.
 */

/** The privileged helper. */
export const HELPER = 'privileged-helper-of-lightspeed';
/** The helper of one game in a network namespace. */
export const NAMESPACE_HELPER = 'namespace-helper-of-lightspeed';
