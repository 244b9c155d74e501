/** A place at which a word stands. */
export interface Found {
  readonly word: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Takes names apart, so that `idleTimeout`, `IDLE_TIMEOUT` and `idle-timeout` read the same. Lines keep their numbers. */
function apart(text: string): string {
  return text
    .replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-')
    .replaceAll('_', '-')
    .toLowerCase();
}

/** A word in all its forms: plurals, and for a compound of verb and particle (`look-up`) the forms of the verb too. */
function formsOf(word: string): RegExp {
  const [first = '', ...rest] = word.split('-');
  const forms = rest.length === 0 ? `${first}(?:e?s)?` : `${first}(?:s|ed|ing)?[-\\s*/]+${rest.join('[-\\s*/]+')}s?`;
  return new RegExp(`(?<![a-z\\d])${forms}(?![a-z\\d])`, 'g');
}

/** Where one of the words stands in the text, in any of its forms, alone or as a part of a name. */
export function findWords(text: string, words: readonly string[]): Found[] {
  const plain = apart(text);
  return words.flatMap((word) =>
    [...plain.matchAll(formsOf(word))].map(({ index }) => ({ word, line: plain.slice(0, index).split('\n').length })),
  );
}

/** A comment or a text of a TypeScript source. Quotes are written by their codes, or this file would not be read as meant. */
export const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|\x27(?:\\.|[^\x27\\\n])*\x27|\x22(?:\\.|[^\x22\\\n])*\x22|\x60(?:\\.|[^\x60\\])*\x60/g;
const FLAG_OR_METRIC = /--[a-z][\w-]*|\blightspeed_\w+|\$\{[^}]*\}/g;

/**
 * A TypeScript source with nothing but its names: identifiers, flags and metrics. Comments are gone, and so are texts, but for flags
 * (`--node`), metrics (`lightspeed_...`) and what a template puts in. Lines keep their numbers.
 */
export function namesOf(source: string): string {
  return source.replace(COMMENT_OR_STRING, (match) => {
    const kept = match.startsWith('/') ? '' : (match.match(FLAG_OR_METRIC) ?? []).join(' ');
    return `${kept}${match.replace(/[^\n]/g, '')}`;
  });
}

const HAS_CONNECTIONS = /from '(?:@lightspeed\/control\/quic|node:net)'/;

/**
 * Whether a source deals with connections in the word's own sense: it imports the QUIC transport of the control plane, or TCP. There,
 * and nowhere else in tunnel and fleet, `connection` names such an object.
 */
export function hasConnections(source: string): boolean {
  return HAS_CONNECTIONS.test(source);
}
