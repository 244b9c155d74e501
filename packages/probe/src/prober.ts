import { MAX_PROBED_ROUTERS, checkOptions } from './base/options.ts';
import type { CheckedOptions, ProbeKind, ProbeOptions, ProbeTarget } from './base/options.ts';
import { ProbeError } from './base/errors.ts';
import { parseIpv4 } from '@lightspeed/wire';
import { fireAll } from './base/shots.ts';
import type { Answer, Shot } from './base/shots.ts';
import { a2sShot } from './kinds/a2s.ts';
import { icmpShot, whyNoIcmp } from './kinds/icmp.ts';
import { tcpShot } from './kinds/tcp.ts';
import { findRouters, ttlShot } from './kinds/ttl.ts';
import type { LastRouter, WayRouters } from './kinds/ttl.ts';
import { whyNoProbeSockets } from './linux/probe-socket.ts';

/** Measurements that a prober has under way by default. */
const DEFAULT_MAX_MEASUREMENTS = 16;
/** How long the last routers before a server are taken to stay the same. */
const ROUTER_LIVES_MS = 600_000;
/** Most servers whose last routers are remembered; the one that was found first gives way. */
const MAX_ROUTERS = 512;

/** What a prober is made with. */
export interface ProberOptions {
  /** `SO_MARK` of its datagrams, so that rules of the firewall let them pass; needs CAP_NET_ADMIN. None by default. */
  readonly mark?: number;
  /**
   * An IPv4 address of this machine from which everything is sent: the way to a server may depend on it. By default the system
   * chooses.
   */
  readonly source?: string | undefined;
  /** Most measurements under way, 16 by default. */
  readonly maxMeasurements?: number;
}

/** What was measured. */
export interface Measurement {
  readonly kind: ProbeKind;
  /** In the order of sending, in milliseconds; undefined for a probe that was lost. */
  readonly roundTripsMs: readonly (number | undefined)[];
  /**
   * Who answered: the server, or for `ttl` the router that answered most of the probes. Two ends that measure by `ttl` may hear
   * different routers (docs/adr/0048-probes.md). Undefined if nobody answered.
   */
  readonly origin: string | undefined;
  /** For `ttl`, who answered each probe: they may have been spread over several routers. Left out by the other kinds. */
  readonly origins?: readonly (string | undefined)[] | undefined;
  /** The TTL of the probes to the last router, for `ttl`. */
  readonly ttl: number | undefined;
}

/**
 * Why probes of a kind are not possible on this machine, with what to do about it; undefined if they are. They take Linux, except
 * for `tcp` and `a2s`.
 */
export function whyNoProbes(kind: ProbeKind): string | undefined {
  if (kind === 'icmp') return whyNoIcmp();
  return kind === 'ttl' ? whyNoProbeSockets() : undefined;
}

/**
 * Measures round trips to servers. Every measurement sends at most 10 probes, and ends within 14 s. Where it looks for the last
 * router, it sends at most 32 empty datagrams, too.
 */
export class Prober {
  readonly #sockets: { readonly mark: number | undefined; readonly source: string | undefined };
  readonly #max: number;
  readonly #routers = new Map<string, { readonly last: readonly LastRouter[]; readonly untilMs: number }>();
  #running = 0;

  /** @throws {ProbeError} `ERR_PROBE_OPTION` for a source that is no IPv4 address. */
  constructor({ mark, source, maxMeasurements = DEFAULT_MAX_MEASUREMENTS }: ProberOptions = {}) {
    if (source !== undefined && parseIpv4(source) === undefined) {
      throw new ProbeError('ERR_PROBE_OPTION', `source must be an IPv4 address such as 192.0.2.7, got "${source}"`);
    }
    this.#sockets = { mark, source };
    this.#max = maxMeasurements;
  }

  /** Measurements that are under way. */
  get running(): number {
    return this.#running;
  }

  /**
   * Measures. What is not answered is lost; that includes a server that cannot be reached, and a `ttl` without routers.
   * @throws {ProbeError} (rejection) `ERR_PROBE_OPTION`, `ERR_PROBE_UNAVAILABLE`, `ERR_PROBE_BUSY`.
   */
  async probe(target: ProbeTarget, kind: ProbeKind, options: ProbeOptions = {}): Promise<Measurement> {
    const checked = checkOptions(target, options, this.#sockets);
    return this.#oneOfFew(() => this.#measure(checked, kind));
  }

  /**
   * The routers on the way to a server, each with one round trip. It sends at most 32 empty datagrams, of which at most
   * `MAX_SEARCH_DATAGRAMS_AT_SERVER` reach a silent server. A router may take its time to answer, or answer nobody.
   * @throws {ProbeError} (rejection) `ERR_PROBE_OPTION`, `ERR_PROBE_UNAVAILABLE`, `ERR_PROBE_BUSY`.
   */
  async routers(target: ProbeTarget): Promise<WayRouters> {
    const checked = checkOptions(target, {}, this.#sockets);
    return this.#oneOfFew(() => findRouters(checked));
  }

  async #oneOfFew<T>(measure: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) {
      throw new ProbeError('ERR_PROBE_BUSY', `${this.#running} measurements are under way, allowed are ${this.#max}: try again later`);
    }
    this.#running++;
    try {
      return await measure();
    } finally {
      this.#running--;
    }
  }

  async #measure(options: CheckedOptions, kind: ProbeKind): Promise<Measurement> {
    const { count, spacingMs, timeoutMs } = options;
    if (kind !== 'ttl') return measurement(kind, await fireAll(count, spacingMs, timeoutMs, () => SHOTS[kind](options)), undefined);
    const routers = (await this.#lastRouters(options)).slice(0, options.routers);
    if (routers.length === 0) return measurement(kind, nothing(count), undefined);
    const answers = await fireAll(count, spacingMs, timeoutMs, (number) => ttlShot(options, routers[number % routers.length].ttl));
    // The way has changed: the next measurement looks again.
    if (answers.every((answer) => answer === undefined)) this.#routers.delete(keyOf(options.target));
    return { ...measurement(kind, answers, routers[0].ttl), origins: answers.map((answer) => answer?.origin) };
  }

  async #lastRouters(options: CheckedOptions): Promise<readonly LastRouter[]> {
    const key = keyOf(options.target);
    const known = this.#routers.get(key);
    if (known !== undefined && performance.now() < known.untilMs) return known.last;
    this.#routers.delete(key);
    const found = (await findRouters(options)).routers.slice(-MAX_PROBED_ROUTERS).reverse();
    if (found.length === 0) return found;
    this.#routers.set(key, { last: found, untilMs: performance.now() + ROUTER_LIVES_MS });
    if (this.#routers.size > MAX_ROUTERS) {
      const [oldest] = this.#routers.keys();
      this.#routers.delete(oldest);
    }
    return found;
  }
}

const SHOTS: Readonly<Record<Exclude<ProbeKind, 'ttl'>, (options: CheckedOptions) => Shot>> = {
  icmp: icmpShot,
  tcp: tcpShot,
  a2s: a2sShot,
};

function keyOf({ ip, port }: ProbeTarget): string {
  return `${ip}:${port}`;
}

function nothing(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined);
}

function measurement(kind: ProbeKind, answers: readonly (Answer | undefined)[], ttl: number | undefined): Measurement {
  return { kind, roundTripsMs: answers.map((answer) => answer?.roundTripMs), origin: mostFrequent(answers), ttl };
}

function mostFrequent(answers: readonly (Answer | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const answer of answers) if (answer !== undefined) counts.set(answer.origin, (counts.get(answer.origin) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
