import { formatEndpoint } from '@lightspeed/wire';
import type { PageFlow } from '../page/page-state.ts';
import type { ServerCount } from '../tunnel/messages.ts';

/** Servers that are kept, of a program that speaks with very many. */
const MAX_SERVERS = 200;

/** The game servers that the page shows: those that evidence knows, and those of rules and of ports, with their datagrams. */
export class PageServers {
  readonly #program: string | null;
  readonly #servers = new Map<string, { readonly way: 'direct' | 'node'; readonly game: string | null }>();
  #counts: ReadonlyMap<string, ServerCount> = new Map();

  /** @param program the game's, where there is one. */
  constructor(program: string | null) {
    this.#program = program;
  }

  /** A server that no evidence may know of. @param game its name, or that of the server. */
  add(server: string, way: 'direct' | 'node', game: string | null): void {
    if (this.#servers.size >= MAX_SERVERS && !this.#servers.has(server)) return;
    this.#servers.set(server, { way, game });
  }

  /** What the flows have carried by now. */
  count(counts: readonly ServerCount[]): void {
    this.#counts = new Map(counts.map((count) => [formatEndpoint(count.ip, count.port), count]));
  }

  /**
   * @param decided flows that evidence knows.
   * @param inUse the node by which the others go, and `region` its place.
   */
  flows(decided: readonly PageFlow[], inUse: string, region: string | null): PageFlow[] {
    const known = new Set(decided.map(({ server }) => server));
    const others = [...this.#servers]
      .filter(([server]) => !known.has(server))
      .map(([server, { way, game }]) => ({
        ...UNDECIDED,
        server,
        game,
        way: way === 'node' ? inUse : way,
        region: way === 'node' ? region : null,
      }));
    return [...decided, ...others].map((flow) => ({ ...flow, program: this.#program, ...this.#packetsOf(flow.server) }));
  }

  #packetsOf(server: string): Pick<PageFlow, 'packetsUp' | 'packetsDown'> {
    const count = this.#counts.get(server);
    const isKnown = count !== undefined && !count.isPartly;
    return { packetsUp: isKnown ? count.up : null, packetsDown: isKnown ? count.down : null };
  }
}

const UNDECIDED = { program: null, reason: null, evidence: null, evidenceAgeS: null, packetsUp: null, packetsDown: null } as const;
