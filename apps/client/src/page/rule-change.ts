import { RULE_WAYS } from './page-state.ts';
import type { PageRule } from './page-state.ts';

const PREFIX = /^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2})?$/;
const MAX_GAME_LENGTH = 100;
/** What a change has to be, for the answer to one that is not. */
export const RULE_FORM = `JSON with "servers" (A.B.C.D, or A.B.C.D/BITS without bits behind BITS, such as 203.0.113.0/24) or "game", and "way" of: ${RULE_WAYS.join(', ')}`;

/** Reads a change of a rule that a page has sent. @returns undefined if it is none. */
export function parseRuleChange(text: string): PageRule | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { servers, game, way: wanted } = value as { readonly servers?: unknown; readonly game?: unknown; readonly way?: unknown };
  const way = RULE_WAYS.find((one) => one === wanted);
  if (way === undefined || (servers === undefined) === (game === undefined)) return undefined;
  if (servers !== undefined) return isPrefix(servers) ? { servers, way } : undefined;
  return typeof game === 'string' && game !== '' && game.length <= MAX_GAME_LENGTH ? { game, way } : undefined;
}

function isPrefix(servers: unknown): servers is string {
  if (typeof servers !== 'string' || !PREFIX.test(servers)) return false;
  const [address, length = '32'] = servers.split('/');
  const parts = address.split('.').map(Number);
  if (Number(length) > 32 || parts.some((part) => part > 255)) return false;
  // Bits behind the prefix are 0: so much is the address a multiple of.
  return parts.reduce((sum, part) => sum * 256 + part, 0) % 2 ** (32 - Number(length)) === 0;
}
