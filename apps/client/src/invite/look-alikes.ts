import { addressKind } from '@lightspeed/wire';
import { editDistance } from '../base/closest.ts';

/** Shorter names differ by one letter by chance. */
const MIN_LENGTH = 6;

/**
 * The known host that another one is easily taken for, without being of the same domain.
 * @param host a name in lower case; addresses look like nothing else.
 */
export function lookAlikeOf(host: string, known: readonly string[]): string | undefined {
  if (addressKind(host) !== undefined) return undefined;
  return known.find((other) => other !== host && domainOf(other) !== domainOf(host) && looksLike(host, other));
}

function looksLike(host: string, other: string): boolean {
  if (skeleton(host) === skeleton(other) || host.startsWith(`${other}.`) || host.startsWith(`${other}-`)) return true;
  return Math.min(host.length, other.length) >= MIN_LENGTH && editDistance(host, other) <= 1;
}

/** Names of one domain are given by one owner; which domains those are, in the usual case, the last two labels say. */
function domainOf(host: string): string {
  return host.split('.').slice(-2).join('.');
}

/** The same for names whose letters look alike. */
function skeleton(host: string): string {
  return host
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')
    .replaceAll('0', 'o')
    .replace(/[1i]/g, 'l')
    .replaceAll('5', 's')
    .replaceAll('-', '');
}
