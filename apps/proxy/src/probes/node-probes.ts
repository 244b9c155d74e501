import { PROBE_KIND_CODES, PROBE_LOST, PROBE_REFUSAL_CODES, probeOriginsExtension, probedRoutersExtension } from '@lightspeed/control';
import type { Extension, OutgoingMessage, Probe, ProbeRefusal } from '@lightspeed/control';
import { MAX_PROBED_ROUTERS, MAX_PROBES, MAX_SPACING_MS, PROBE_KINDS, ProbeError, Prober } from '@lightspeed/probe';
import type { Measurement, ProbeKind } from '@lightspeed/probe';
import { DestinationPolicy } from '@lightspeed/security';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import { ipv4Of } from '../base/own-addresses.ts';
import type { OwnAddresses } from '../base/own-addresses.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { DestinationRules } from '../data-plane/messages.ts';
import { ProbeCounters } from './probe-counters.ts';
import { FRESH_MS, SharedResults, serverKey } from './shared-results.ts';
import type { KeptResult, Wanted } from './shared-results.ts';
import { TargetLedger } from './target-ledger.ts';

/** Measurements that the node has under way for all its clients. */
const MAX_MEASUREMENTS = 32;
/** And of these for one account: silent servers keep measurements open, and others shall find some. */
const MAX_MEASUREMENTS_OF_ACCOUNT = 8;
/** Ports below are those of the system's services, which are no game servers. */
const MIN_PROBED_PORT = 1_024;
/** 127.0.0.0/8, which is this machine. */
const LOOPBACK_NETWORK = 127;
const SECOND_MS = 1_000;
/** A result's age goes over the wire in 16 bits. */
const MAX_AGE_SECS = 0xffff;
/** An age of a network's result is told so coarsely: a finer one would tell when somebody else has played there. */
const AGE_STEP_SECS = 60;

/** A measurement that is under way. */
interface RunningProbes {
  readonly count: number;
  /** When it began. */
  readonly atMs: number;
  readonly result: Promise<KeptResult | ProbeRefusal>;
}

/** Who asks. */
export interface Asker {
  /** To whom it is charged. */
  readonly account: string;
  /** The server is new to the account: it counts as a server to which the session opens a flow. */
  readonly countDestination: () => void;
}

/** What {@link NodeProbes} takes of a configuration. */
export type ProbeConfig = Pick<
  NodeConfig,
  'allowDestinations' | 'denyDestinations' | 'egressBind' | 'onlyAllowedDestinations' | 'probesEnabled' | 'probeTargets' | 'probesPerSecond'
>;

/**
 * Measures round trips to game servers for clients that ask for it (docs/protocol.md, Probes). A request passes these steps, and
 * each may refuse it:
 *
 * 1. the operator allows probes; kind, count and spacing are allowed,
 * 2. the destination policy, as for a flow; never the node's own addresses; no port of the system's services,
 * 3. the ledger: few servers, few ports and few probes for a ticket,
 * 4. a result that there is already, or a measurement that is under way, is shared,
 * 5. so many measurements at a time, and so many probes a second, for all clients together.
 *
 * It runs on the main thread, beside the control plane. What workers know of flows it does not ask for. A new server counts
 * as one more destination at the worker, instead.
 */
export class NodeProbes {
  readonly counters = new ProbeCounters();
  #config: ProbeConfig;
  readonly #policy: DestinationPolicy;
  readonly #ownPorts: () => readonly number[];
  readonly #own: Pick<OwnAddresses, 'hosts'>;
  readonly #ledger = new TargetLedger();
  readonly #results = new SharedResults();
  readonly #prober: Pick<Prober, 'probe'>;
  /** By server and kind, those that may be joined. */
  readonly #running = new Map<string, RunningProbes>();
  /** Measurements under way, by account. */
  readonly #underWay = new Map<string, number>();
  #measurements = 0;
  readonly #now: () => number;
  #secondMs = 0;
  #sentInSecond = 0;

  /**
   * @param ownPorts of the node, to which nothing is sent on its own machine.
   * @param prober who measures; one of its own by default.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(
    config: ProbeConfig,
    ownPorts: () => readonly number[],
    own: Pick<OwnAddresses, 'hosts'>,
    prober: Pick<Prober, 'probe'> = new Prober({ maxMeasurements: MAX_MEASUREMENTS, source: egressOf(config) }),
    now: () => number = () => performance.now(),
  ) {
    this.#config = config;
    this.#policy = new DestinationPolicy(rulesOf(config));
    this.#ownPorts = ownPorts;
    this.#own = own;
    this.#prober = prober;
    this.#now = now;
  }

  /** The operator has another configuration. */
  reload(config: ProbeConfig): void {
    this.#config = config;
    this.#policy.setRules(rulesOf(config));
  }

  /** A client asks that has not agreed on probes, or is not registered: it gets no answer. */
  ignore(): void {
    this.counters.refuse('not_agreed');
  }

  /** Never rejects, unless something is wrong with this program. @returns the result to send */
  async answer(request: Probe, asker: Asker): Promise<OutgoingMessage> {
    const result = await this.#meet(request, asker);
    if (typeof result === 'string') {
      this.counters.refuse(result);
      return { ...NOTHING, requestId: request.requestId, refusal: PROBE_REFUSAL_CODES[result] };
    }
    const { measurement, atMs } = result;
    return {
      ...NOTHING,
      requestId: request.requestId,
      ageSecs: this.#ageOf(atMs, request),
      origin: this.#originOf(measurement.origin, request),
      samplesUs: measurement.roundTripsMs.slice(0, request.count).map(sampleUs),
      extensions: this.#originsOf(measurement, request),
    };
  }

  async #meet(request: Probe, asker: Asker): Promise<KeptResult | ProbeRefusal> {
    const wanted = wantedOf(request);
    if (!this.#config.probesEnabled) return 'disabled';
    if (wanted === undefined) return 'invalid';
    if (this.#isDenied(request.ip, request.port)) return 'destination_denied';
    const { account, countDestination } = asker;
    const admitted = this.#ledger.admit({ account, ...wanted }, this.#config.probeTargets, this.#now());
    if (admitted !== 'known' && admitted !== 'new') return admitted;
    if (admitted === 'new') countDestination();
    const kept = this.#results.find(wanted, this.#now());
    const shared = kept ?? this.#joinable(wanted)?.result;
    if (shared === undefined) return this.#measure(wanted, request.spacingMs, account);
    this.counters.shared++;
    return shared;
  }

  /** @param ip unsigned */
  #isDenied(ip: number, port: number): boolean {
    const own = ipv4Of(this.#own.hosts);
    this.#policy.setOwnAddresses(own);
    // An operator may have flows go to game servers on the node's machine; its other ports are nobody's business.
    const isOwn = own.includes(ip) || (ip >>> 24 === LOOPBACK_NETWORK && this.#ownPorts().includes(port));
    return port < MIN_PROBED_PORT || isOwn || this.#policy.verdict(ip, port) !== 0;
  }

  /** A measurement that is under way, if it is new enough and has enough probes. */
  #joinable(wanted: Wanted): RunningProbes | undefined {
    const running = this.#running.get(serverKey(wanted));
    if (running === undefined || running.count < wanted.count) return undefined;
    return this.#now() - running.atMs <= Math.max(FRESH_MS, wanted.maxAgeMs) ? running : undefined;
  }

  #measure(wanted: Wanted, spacingMs: number, account: string): Promise<KeptResult | ProbeRefusal> | ProbeRefusal {
    const ofAccount = this.#underWay.get(account) ?? 0;
    if (this.#measurements >= MAX_MEASUREMENTS || ofAccount >= MAX_MEASUREMENTS_OF_ACCOUNT || !this.#maySend(wanted.count)) return 'busy';
    const key = serverKey(wanted);
    this.#count(account, 1);
    const result = this.#probe(wanted, spacingMs).finally(() => {
      this.#count(account, -1);
      if (this.#running.get(key)?.result === result) this.#running.delete(key);
    });
    this.#running.set(key, { count: wanted.count, atMs: this.#now(), result });
    return result;
  }

  #count(account: string, step: number): void {
    this.#measurements += step;
    const left = (this.#underWay.get(account) ?? 0) + step;
    if (left > 0) this.#underWay.set(account, left);
    else this.#underWay.delete(account);
  }

  async #probe(wanted: Wanted, spacingMs: number): Promise<KeptResult | ProbeRefusal> {
    const { kind, ip, port, count, routers } = wanted;
    const atMs = this.#now();
    try {
      const measurement = await this.#prober.probe({ ip: formatIpv4(ip), port }, kind, { count, spacingMs, routers });
      this.counters.measured(kind);
      const result = { measurement, atMs };
      this.#results.add(wanted, result);
      return result;
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      return error.code === 'ERR_PROBE_BUSY' ? 'busy' : 'unavailable';
    }
  }

  /** Takes so many probes of what all clients together may have within a second. */
  #maySend(count: number): boolean {
    const nowMs = this.#now();
    if (nowMs - this.#secondMs >= SECOND_MS) {
      this.#secondMs = nowMs;
      this.#sentInSecond = 0;
    }
    if (this.#sentInSecond + count > this.#config.probesPerSecond) return false;
    this.#sentInSecond += count;
    return true;
  }

  /** @returns whole seconds; of a result that somebody else may have asked for, rounded up to minutes */
  #ageOf(atMs: number, { maxAgeSecs }: Probe): number {
    const ageSecs = Math.floor((this.#now() - atMs) / SECOND_MS);
    return Math.min(maxAgeSecs === 0 ? ageSecs : Math.ceil(ageSecs / AGE_STEP_SECS) * AGE_STEP_SECS, MAX_AGE_SECS);
  }

  /**
   * A router may have an address of a network behind the node, which is nobody's business. Nor is another server of the /24, for
   * which somebody else has asked.
   * @returns 0 for those
   */
  #originOf(origin: string | undefined, { kind, ip: asked, port }: Probe): number {
    const ip = origin === undefined ? undefined : parseIpv4(origin);
    if (ip === undefined || this.#isDenied(ip, port)) return 0;
    return kind === PROBE_KIND_CODES.ttl || ip === asked ? ip : 0;
  }

  /** Of each sample, for whoever has asked for several routers. */
  #originsOf({ origins }: Measurement, request: Probe): Extension[] {
    if (origins === undefined || probedRoutersExtension.find(request.extensions) === undefined) return [];
    return [probeOriginsExtension.encode(origins.slice(0, request.count).map((origin) => this.#originOf(origin, request)))];
  }
}

const NOTHING = { type: 'probe_result', refusal: 0, ageSecs: 0, origin: 0, samplesUs: [] } as const;

function rulesOf(config: ProbeConfig): DestinationRules {
  const { allowDestinations, denyDestinations, onlyAllowedDestinations } = config;
  return { allow: allowDestinations, deny: denyDestinations, onlyAllowed: onlyAllowedDestinations };
}

/** @returns undefined for a request of something that there is not. */
function wantedOf({ kind: code, ip, port, count, spacingMs, maxAgeSecs, extensions }: Probe): Wanted | undefined {
  const kind: ProbeKind | undefined = PROBE_KINDS.find((one) => PROBE_KIND_CODES[one] === code);
  const isAllowed = kind !== undefined && count >= 1 && count <= MAX_PROBES && spacingMs <= MAX_SPACING_MS;
  const asked = kind === 'ttl' ? (probedRoutersExtension.find(extensions) ?? 1) : 1;
  const routers = Math.min(Math.max(asked, 1), MAX_PROBED_ROUTERS);
  return isAllowed ? { kind, ip, port, count, routers, maxAgeMs: maxAgeSecs * SECOND_MS } : undefined;
}

function sampleUs(roundTripMs: number | undefined): number {
  return roundTripMs === undefined ? PROBE_LOST : Math.round(roundTripMs * 1_000);
}

/** Where flows leave the node, so that what is measured is their way. */
function egressOf({ egressBind }: ProbeConfig): string | undefined {
  return egressBind === 0 ? undefined : formatIpv4(egressBind);
}
