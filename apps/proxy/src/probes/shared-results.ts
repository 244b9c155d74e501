import type { Measurement, ProbeKind } from '@lightspeed/probe';

/** A result is given to others for so long. */
const SHARED_MS = 600_000;
/**
 * So long after its beginning a measurement counts as one of now: less than the second after which a client asks again. Otherwise
 * one that waits for lost probes would be given to that client twice, and its losses would count double.
 */
export const FRESH_MS = 500;
/** Most results that are kept; the oldest gives way. */
const MAX_RESULTS = 4_096;

/** What is asked for. */
export interface Wanted {
  readonly kind: ProbeKind;
  /** Unsigned. */
  readonly ip: number;
  readonly port: number;
  readonly count: number;
  /** Over how many routers it is spread, at most. */
  readonly routers: number;
  /** How old a result of the server's /24 may be; 0 for one of the server itself, measured now. */
  readonly maxAgeMs: number;
}

/** What two measurements have in common if one may stand for the other. */
type HowMeasured = Pick<Wanted, 'kind' | 'routers' | 'ip' | 'port'>;

/** A result, and when its measurement began. */
export interface KeptResult {
  readonly measurement: Measurement;
  readonly atMs: number;
}

/**
 * Results that several clients may use: of a network for ten minutes, of one server for half a second. So a server on which
 * very many clients play is measured as often as for one.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class SharedResults {
  readonly #networks = new Map<string, KeptResult>();
  readonly #servers = new Map<string, KeptResult>();

  /** A result that is new enough and has enough probes; undefined if there is none. */
  find(wanted: Wanted, nowMs: number): KeptResult | undefined {
    const { maxAgeMs } = wanted;
    const [results, key, oldestMs] =
      maxAgeMs > 0 ? [this.#networks, networkOf(wanted), Math.min(maxAgeMs, SHARED_MS)] : [this.#servers, serverKey(wanted), FRESH_MS];
    const kept = results.get(key);
    if (kept === undefined || nowMs - kept.atMs > oldestMs) return undefined;
    return kept.measurement.roundTripsMs.length >= wanted.count ? kept : undefined;
  }

  add(wanted: HowMeasured, result: KeptResult): void {
    put(this.#servers, serverKey(wanted), result);
    put(this.#networks, networkOf(wanted), result);
  }
}

/** A text for a server and how it is measured. */
export function serverKey({ kind, routers, ip, port }: HowMeasured): string {
  return `${kind} ${routers} ${ip}:${port}`;
}

function networkOf({ kind, routers, ip }: HowMeasured): string {
  return `${kind} ${routers} ${ip >>> 8}`;
}

function put(results: Map<string, KeptResult>, key: string, result: KeptResult): void {
  results.delete(key);
  results.set(key, result);
  if (results.size <= MAX_RESULTS) return;
  const [oldest] = results.keys();
  results.delete(oldest);
}
