import { formatIpv4, parseIpv4 } from '../ipv4.ts';

/** An IP address as words: four 32-bit words in host order as int32 bit patterns; an IPv4 address is 0, 0, 0xffff, bits. */
export interface AddressWords {
  readonly words: readonly [number, number, number, number];
  /** The interface that a link-local address (fe80::/10) belongs to, by its number; 0 for none and for other addresses. */
  readonly scope: number;
}

const GROUPS = 8;
const MAX_SCOPE = 0xffff_ffff;

/** Whether the address whose first word this is belongs to one link (fe80::/10). */
export function isLinkLocal(word0: number): boolean {
  return word0 >>> 22 === 0xfe80_0000 >>> 22;
}

/** Whether words are an IPv4 address in IPv6 form (::ffff:0:0/96). */
export function isMapped(word0: number, word1: number, word2: number): boolean {
  return word0 === 0 && word1 === 0 && word2 === 0xffff;
}

/**
 * Parses an IPv4 or IPv6 address as RFC 4291, 2.2, writes them, and a numeric `%scope` after a link-local one (RFC 4007).
 * Nothing around it is allowed: no brackets, spaces, port or prefix length.
 * @returns undefined if `text` is anything else
 */
export function parseAddressWords(text: string): AddressWords | undefined {
  if (!text.includes(':')) {
    const ip = parseIpv4(text);
    return ip === undefined ? undefined : { words: [0, 0, 0xffff, ip | 0], scope: 0 };
  }
  const percent = text.indexOf('%');
  const groups = parseGroups(percent < 0 ? text : text.slice(0, percent));
  if (groups === undefined) return undefined;
  const word = (index: number) => (groups[2 * index] << 16) | groups[2 * index + 1];
  const words = [word(0), word(1), word(2), word(3)] as const;
  if (percent < 0) return { words, scope: 0 };
  const scope = text.slice(percent + 1);
  if (!isLinkLocal(words[0]) || !/^[1-9]\d{0,9}$/.test(scope) || Number(scope) > MAX_SCOPE) return undefined;
  return { words, scope: Number(scope) | 0 };
}

/** The text of an address by RFC 5952, dotted for an IPv4 address, with `%scope` where the scope is not 0. */
export function formatAddressWords(word0: number, word1: number, word2: number, word3: number, scope = 0): string {
  if (isMapped(word0, word1, word2)) return formatIpv4(word3);
  const groups = [word0, word1, word2, word3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeros(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  const text = length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
  return scope === 0 ? text : `${text}%${scope >>> 0}`;
}

/** The address of a text in the one form that {@link formatAddressWords} gives it, to compare and to keep. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddressWords(text);
  return address && formatAddressWords(...address.words, address.scope);
}

function parseGroups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseRun(halves[0], halves.length === 1);
  if (halves.length === 1) return head?.length === GROUPS ? head : undefined;
  const tail = parseRun(halves[1], true);
  if (head === undefined || tail === undefined) return undefined;
  const zeros = GROUPS - head.length - tail.length;
  return zeros < 1 ? undefined : [...head, ...new Array<number>(zeros).fill(0), ...tail];
}

/** Groups between colons; the last may be two groups as an IPv4 address where the text ends with it. */
function parseRun(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ip = isEnd && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ip === undefined) return undefined;
    groups.push(ip >>> 16, ip & 0xffff);
  }
  return groups;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
