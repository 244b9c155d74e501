import { parseDestinationRule, parseIssuerKey } from '@lightspeed/security';
import type { DestinationRule } from '@lightspeed/security';
import { readAddress } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { addressKind, parseIpv4 } from '@lightspeed/wire';
import { z } from 'zod';
import type { PortRange } from '../base/port-range.ts';
import { parseBudget } from '@lightspeed/session';
import { MAX_TICKET_PROTECTIONS, NODE_PROTECT_FORMS, parseNodeProtect, parseTicketProtection } from './protection.ts';
import type { NodeProtect, TicketProtection } from './protection.ts';
import type { CorePinning } from './node-config.ts';

/*
 * Kinds of values. Each schema's description completes the sentence "... is not allowed here: give ...".
 */

/** A schema of whole numbers from `least` to `most`, both included. */
export function wholeNumber(least: number, most: number) {
  return z.int().min(least).max(most).describe(`a whole number from ${least} to ${most}`);
}

/** A schema of numbers from `least` to `most`, both included. */
export function number(least: number, most: number) {
  return z.number().min(least).max(most).describe(`a number from ${least} to ${most}`);
}

/** A schema of one of several words. */
export function choice<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values).describe(
    values
      .map((value) => `"${value}"`)
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' or '),
  );
}

/** A schema of booleans. */
export function yesOrNo() {
  return z.boolean().describe('true or false');
}

const MAX_NAME_BYTES = 255;

/** A name as it goes into control messages: one length byte, then UTF-8. */
export function name() {
  return z
    .string()
    .refine((text) => text !== '' && Buffer.byteLength(text) <= MAX_NAME_BYTES && !hasControlCharacters(text))
    .describe(`a name of 1 to ${MAX_NAME_BYTES} bytes in one line`);
}

function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** From a parser that gives undefined for what is none. */
function text<T>(parse: (text: string) => T | undefined, description: string): z.ZodType<T> {
  return z
    .string()
    .transform((given, context): T => {
      const parsed = parse(given);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom' });
      return z.NEVER;
    })
    .describe(description);
}

/** A schema of an IPv4 address in text; it gives the address's bits. */
export function address(): z.ZodType<number> {
  return text((given) => (isBindable(given) ? parseIpv4(given) : undefined), 'an IPv4 address, for example 192.0.2.7');
}

/** A schema of an address of either family and a port, in text. */
export function socketAddress(): z.ZodType<SocketAddress> {
  return z.string().transform(bindAddress).describe('ADDR:PORT, for example 0.0.0.0:4434 or [::]:4434');
}

/** The same, or "off" for none. */
export function socketAddressOrOff(): z.ZodType<SocketAddress | undefined> {
  return z
    .string()
    .transform((given, context): SocketAddress | undefined => (given === 'off' ? undefined : bindAddress(given, context)))
    .describe('ADDR:PORT, for example 127.0.0.1:8080 or [::]:4433, or "off"');
}

function bindAddress(given: string, context: z.RefinementCtx): SocketAddress {
  const parsed = readBindAddress(given);
  if ('host' in parsed) return parsed;
  context.addIssue({ code: 'custom', params: parsed });
  return z.NEVER;
}

/** A socket can be bound there; what it says instead if not is undefined where the description says all. */
function readBindAddress(given: string): SocketAddress | { readonly allowed: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*:[^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(given) ?? [];
  const host = (bracketed as string | undefined) ?? plain;
  if (port === undefined || Number(port) > 0xffff || addressKind(host.replace(/%.*/, '')) === undefined) return { allowed: undefined };
  const read = readAddress(host);
  if ('allowed' in read) return read;
  if (!isBindable(read.address)) return { allowed: 'an address that a machine can have: not multicast, and not in 240.0.0.0/4' };
  return { host: read.address, port: Number(port) };
}

function isBindable(host: string): boolean {
  const kind = addressKind(host);
  return kind !== 'multicast' && kind !== 'reserved';
}

/** A schema of the path of a file, which need not exist. */
export function path() {
  return z
    .string()
    .refine((text) => text !== '' && !text.includes('\0'))
    .describe('the path of a file');
}

/** A folder, or "off" for none. */
export function pathOrOff(): z.ZodType<string | undefined> {
  return z.union([z.literal('off').transform((): string | undefined => undefined), path()]).describe('the path of a folder, or "off"');
}

/** What the parser has to say about an entry is better than anything that can be said about the list. */
function listOf<T>(parse: (text: string) => T, description: string, most = Infinity): z.ZodType<readonly T[]> {
  return z
    .array(
      z.string().transform((given, context): T => {
        try {
          return parse(given);
        } catch (error) {
          context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
          return z.NEVER;
        }
      }),
    )
    .max(most)
    .describe(description);
}

/** A schema of the public keys of ticket issuers, 32 bytes each. */
export function issuerKeys(): z.ZodType<readonly Uint8Array[]> {
  return listOf(parseIssuerKey, 'a list of public keys as "lightspeed-proxy ticket keygen" prints them, lsi1_...');
}

/** A schema of how a node protects from loss what it sends to clients. */
export function nodeProtect(): z.ZodType<NodeProtect> {
  return text(parseNodeProtect, NODE_PROTECT_FORMS);
}

/** A schema of a share in percent, such as "120%". */
export function budget(): z.ZodType<number> {
  return text(parseBudget, 'a share from "0%" to "255%"');
}

/** A schema of what holds for the bearers of some tickets, `TICKET = PROTECT [BUDGET]` each. */
export function ticketProtections(): z.ZodType<readonly TicketProtection[]> {
  return listOf(parseTicketProtection, 'a list of at most 127 texts like "alice = repeat:5 200%"', MAX_TICKET_PROTECTIONS);
}

/** A schema of `LOW-HIGH`, two ports from 1 to 65,535 in ascending order. */
export function portRange(): z.ZodType<PortRange> {
  return text(parsePortRange, 'LOW-HIGH with ports from 1 to 65535, for example 20000-29999');
}

function parsePortRange(given: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(given);
  if (match === null) return undefined;
  const [low, high] = match.slice(1).map(Number);
  return low >= 1 && low <= high && high <= 65_535 ? { low, high } : undefined;
}

/** Processors by number, as taskset writes them, or who chooses them. */
export function corePinning(): z.ZodType<CorePinning> {
  return text(parseCorePinning, '"off", "auto", or a list of processors without repetition, for example "0,2-3"');
}

const MAX_CORES = 1_024;

function parseCorePinning(given: string): CorePinning | undefined {
  if (given === 'off' || given === 'auto') return given;
  const cores: number[] = [];
  for (const part of given.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first > last || last >= MAX_CORES) return undefined;
    for (let core = first; core <= last; core++) cores.push(core);
  }
  return new Set(cores).size === cores.length ? cores : undefined;
}

/** A schema of rules about destinations, `CIDR[:PORT[-PORT]]` each. */
export function destinationRules(): z.ZodType<readonly DestinationRule[]> {
  return listOf(parseDestinationRule, 'a list of CIDR[:PORT[-PORT]], for example ["203.0.113.0/24:27000-27100"]');
}
