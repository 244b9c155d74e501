/**
 * Shell completions and manual pages, made from the commands of a program that uses commander.
 *
 * @module
 */
export { addShellCommands } from './shell-commands.ts';
export { describeCommand } from './description.ts';
export type { CommandDescription, Offer, OptionDescription } from './description.ts';
export { bashCompletion } from './bash.ts';
export { zshCompletion } from './zsh.ts';
export { fishCompletion } from './fish.ts';
export { asItIs, escaped, manualPage } from './manual.ts';
export type { ManualOptions } from './manual.ts';
