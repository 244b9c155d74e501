import { InvalidArgumentError, Option } from 'commander';
import { DIALECTS } from '@lightspeed/wire';
import { DEFAULT_TUNNEL_SETTINGS, KEEPALIVE_MS_LIMITS } from '../tunnel/settings.ts';
import { parseHostPort, parseLocalIp } from './endpoint.ts';

/** Options that several commands have, each made afresh since commander keeps state in them. */
export const nodeOption = () =>
  new Option('--node <host:port>', 'the relay node').argParser(parseHostPort).makeOptionMandatory();
export const sourceOption = () =>
  new Option('--source <ip>', 'local address from which to talk to the node').argParser(parseLocalIp);
export const ioOption = () =>
  new Option('--io <engine>', 'how to move datagrams').choices(['auto', 'batch', 'portable']).default('auto');
export const dialectOption = () =>
  new Option('--dialect <dialect>', 'form of version 2 packets').choices(DIALECTS).default('standard');
export const tokenOption = () =>
  new Option('--token <n>', 'token of a registration').argParser(integer(0, 255)).default(0);
export const jsonOption = (what: string) => new Option('--json', what);
export const keepaliveOption = () =>
  new Option('--keepalive-ms <ms>', 'pause between keepalives')
    .argParser(integer(KEEPALIVE_MS_LIMITS.min, KEEPALIVE_MS_LIMITS.max))
    .default(DEFAULT_TUNNEL_SETTINGS.keepaliveMs);

/** Parses `off` or a group size; whether the dialect allows it shows later. */
export function parseFec(text: string): number {
  if (text === 'off') return 0;
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 32) return Number(text);
  throw new InvalidArgumentError('Expected "off", or data packets per parity packet from 1 to 32.');
}

/** A parser of whole numbers. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`Allowed are whole numbers from ${least} to ${most}.`);
  };
}

/** Appends to a repeatable option's values. */
export function collect<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}
