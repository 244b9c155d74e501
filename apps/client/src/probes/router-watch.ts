import { ProbeError } from '@lightspeed/probe';
import type { ProbeTarget, Prober, WayRouter, WayRouters } from '@lightspeed/probe';

/** Routers change seldom, and answer few. */
const AGAIN_MS = 60_000;

/** The routers on the way to a server, or why they are not known. */
export interface KnownRouters extends WayRouters {
  /** Why this machine cannot look for them; undefined if it can. */
  readonly obstacle: string | undefined;
}

/**
 * The routers on the way to the server that is played on, looked for when a match starts and once a minute from then on. Each keeps its
 * shortest round trip, since routers take their time to answer. It knows one server at a time.
 */
export class RouterWatch {
  readonly #prober: Pick<Prober, 'routers'>;
  readonly #nowMs: () => number;
  #target: ProbeTarget | undefined;
  #lookAgainAtMs = 0;
  #found: KnownRouters | undefined;

  constructor(prober: Pick<Prober, 'routers'>, nowMs: () => number) {
    this.#prober = prober;
    this.#nowMs = nowMs;
  }

  /** To be called now and then. @returns undefined before anything is known of this server. It never rejects. */
  look(target: ProbeTarget): KnownRouters | undefined {
    const isNew = !this.#isOf(target);
    if (isNew) {
      this.#target = target;
      this.#found = undefined;
    }
    if (isNew || this.#nowMs() >= this.#lookAgainAtMs) {
      this.#lookAgainAtMs = this.#nowMs() + AGAIN_MS;
      void this.#search(target);
    }
    return this.#found;
  }

  #isOf({ ip, port }: ProbeTarget): boolean {
    return this.#target?.ip === ip && this.#target.port === port;
  }

  async #search(target: ProbeTarget): Promise<void> {
    try {
      const { routers, serverTtl } = await this.#prober.routers(target);
      if (!this.#isOf(target)) return;
      this.#found = { routers: withShortest(routers, this.#found?.routers ?? []), serverTtl, obstacle: undefined };
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      this.#found ??= { routers: [], serverTtl: undefined, obstacle: error.message };
    }
  }
}

/** A router that is silent this time may answer the next one; one that has changed is another. */
function withShortest(now: readonly WayRouter[], before: readonly WayRouter[]): WayRouter[] {
  const isTaken = (ttl: number) => now.some((router) => router.ttl === ttl);
  const kept = before.filter(({ ttl }) => !isTaken(ttl));
  const updated = now.map((router) => {
    const earlier = before.find(({ ttl, ip }) => ttl === router.ttl && ip === router.ip);
    return { ...router, roundTripMs: Math.min(router.roundTripMs, earlier?.roundTripMs ?? Infinity) };
  });
  return [...kept, ...updated].toSorted((a, b) => a.ttl - b.ttl);
}
