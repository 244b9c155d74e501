import { MATCH_MEMORY_MS } from './match-memory.ts';
import type { RememberedMatch } from './match-memory.ts';
import { VETO_MS } from './veto-book.ts';
import type { Veto } from './veto-book.ts';

/** What outlives a program: own matches of seven days, and vetoes. It is plain data, for JSON or a database. */
export interface ChooserState {
  readonly matches: readonly RememberedMatch[];
  readonly vetoes: readonly Veto[];
}

/** How much of a state was taken. */
export interface ImportResult {
  readonly matches: number;
  readonly vetoes: number;
  /** Not of the form that a chooser writes, of the future, or over. */
  readonly refused: number;
}

/** Nothing longer is a name. */
const MAX_TEXT_LENGTH = 300;
/** Far more than any way takes. */
const MAX_MS = 60_000;
const PREFIX = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/** Reads a state of any form. It never throws: what does not fit is counted as refused. */
export function parseState(state: unknown, nowMs: number): ChooserState & { readonly refused: number } {
  const { matches = [], vetoes = [] } = isObject(state) ? state : { matches: [state] };
  const givenMatches: readonly unknown[] = Array.isArray(matches) ? matches : [matches];
  const givenVetoes: readonly unknown[] = Array.isArray(vetoes) ? vetoes : [vetoes];
  const takenMatches = givenMatches.flatMap((match) => (isMatch(match, nowMs) ? [matchOf(match)] : []));
  const takenVetoes = givenVetoes.flatMap((veto) => (isVeto(veto, nowMs) ? [vetoOf(veto)] : []));
  const refused = givenMatches.length + givenVetoes.length - takenMatches.length - takenVetoes.length;
  return { matches: takenMatches, vetoes: takenVetoes, refused };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isMatch(value: unknown, nowMs: number): value is RememberedMatch {
  if (!isObject(value)) return false;
  const { game, provider, node, endMs, pairs, directMs, gainMs, lowMs, highMs, p90GainMs } = value;
  if (!isText(game) || !isText(node) || !isPrefix(provider)) return false;
  if (!isWithin(endMs, nowMs - MATCH_MEMORY_MS, nowMs) || !isWithin(pairs, 0, Number.MAX_SAFE_INTEGER)) return false;
  return isWithin(directMs, 0, MAX_MS) && [gainMs, lowMs, highMs, p90GainMs].every((ms) => isWithin(ms, -MAX_MS, MAX_MS));
}

function isVeto(value: unknown, nowMs: number): value is Veto {
  if (!isObject(value)) return false;
  const { prefix, node, untilMs } = value;
  return isPrefix(prefix) && isText(node) && isWithin(untilMs, nowMs, nowMs + VETO_MS);
}

/** Without what else the object has. */
function matchOf({ game, provider, node, endMs, pairs, directMs, gainMs, lowMs, highMs, p90GainMs }: RememberedMatch): RememberedMatch {
  return { game, provider, node, endMs, pairs, directMs, gainMs, lowMs, highMs, p90GainMs };
}

function vetoOf({ prefix, node, untilMs }: Veto): Veto {
  return { prefix, node, untilMs };
}

function isPrefix(value: unknown): value is string {
  return isText(value) && PREFIX.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH;
}

function isWithin(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && value >= low && value <= high;
}
