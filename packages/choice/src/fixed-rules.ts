import { ChoiceError } from './choice-error.ts';
import { DIRECT } from './decision.ts';
import type { GameServer, NeverReason, Way } from './decision.ts';
import { contains, parsePrefix } from './prefixes.ts';
import type { Prefix } from './prefixes.ts';

/** What the player has laid down. It comes before any evidence. */
export interface AlwaysRule {
  /** `direct`, `node` for the best one that is known, or a node's name. */
  readonly way: Way;
  /** Only for this game; by default for all. */
  readonly game?: string | undefined;
  /** Only for servers in it, `A.B.C.D/BITS`; by default for all. */
  readonly prefix?: string | undefined;
}

/** Servers that stay direct whatever was measured (docs/choosing.md, What always goes direct). */
export interface NeverRule {
  readonly reason: NeverReason;
  readonly game?: string | undefined;
  readonly prefix?: string | undefined;
}

/** In an {@link AlwaysRule}: by a node, the best one that is known. */
export const ANY_NODE = 'node';

interface Scope {
  readonly game: string | undefined;
  readonly prefix: Prefix | undefined;
}

/** Rules that no evidence changes. The first that fits counts. */
export class FixedRules {
  readonly #always: readonly (Scope & { readonly way: Way })[];
  readonly #never: readonly (Scope & { readonly reason: NeverReason })[];

  /** @throws {ChoiceError} `ERR_CHOICE_PREFIX`, or `ERR_CHOICE_WAY` for a way that is neither `direct`, `node` nor one of the nodes. */
  constructor(nodes: readonly string[], always: readonly AlwaysRule[], never: readonly NeverRule[]) {
    for (const { way } of always) {
      if (way === DIRECT || way === ANY_NODE || nodes.includes(way)) continue;
      const allowed = [DIRECT, ANY_NODE, ...nodes].join(', ');
      throw new ChoiceError('ERR_CHOICE_WAY', `got the way ${JSON.stringify(way)}; allowed are ${allowed}`);
    }
    this.#always = always.map((rule) => ({ way: rule.way, ...scopeOf(rule) }));
    this.#never = never.map((rule) => ({ reason: rule.reason, ...scopeOf(rule) }));
  }

  /** The way that is laid down for a server, {@link ANY_NODE} too. */
  alwaysFor(server: GameServer): Way | undefined {
    return this.#always.find((rule) => fits(rule, server))?.way;
  }

  /** Why the server stays direct, by what the caller has seen or by a rule. */
  neverFor(server: GameServer): NeverReason | undefined {
    return server.never ?? this.#never.find((rule) => fits(rule, server))?.reason;
  }
}

function scopeOf({ game, prefix }: { readonly game?: string | undefined; readonly prefix?: string | undefined }): Scope {
  return { game: game?.toLowerCase(), prefix: prefix === undefined ? undefined : parsePrefix(prefix) };
}

function fits({ game, prefix }: Scope, server: GameServer): boolean {
  if (game !== undefined && game !== server.game?.toLowerCase()) return false;
  return prefix === undefined || contains(prefix, server.serverIp);
}
