import { PROBE_KIND_CODES, PROBE_REFUSAL_CODES } from '@lightspeed/control';
import type { Probe, ProbeResult } from '@lightspeed/control';
import type { Measurement, ProbeKind, ProbeOptions, ProbeTarget } from '@lightspeed/probe';
import { parseIpv4 } from '@lightspeed/wire';
import { NodeProbes } from '../../src/probes/node-probes.ts';
import type { ProbeConfig } from '../../src/probes/node-probes.ts';

/** A node's, that allows what it allows by default. */
export const OPEN: ProbeConfig = {
  allowDestinations: [],
  egressBind: 0,
  denyDestinations: [],
  onlyAllowedDestinations: false,
  probesEnabled: true,
  probeTargets: 32,
  probesPerSecond: 200,
};

interface Order {
  readonly target: ProbeTarget;
  readonly kind: ProbeKind;
  readonly options: ProbeOptions;
}

/** A node's probes on a virtual clock, whose measurements take no time and say 40 ms. */
export class ProbeScene {
  nowMs = 1_000_000;
  readonly orders: Order[] = [];
  newTargets = 0;
  /** What the prober does instead. */
  instead: ((order: Order) => Promise<Measurement>) | undefined;
  readonly probes: NodeProbes;

  constructor(config: Partial<ProbeConfig> = {}, hosts: readonly string[] = ['8.8.4.4', '2001:db8::1']) {
    const prober = {
      probe: (target: ProbeTarget, kind: ProbeKind, options: ProbeOptions = {}): Promise<Measurement> => {
        const order = { target, kind, options };
        this.orders.push(order);
        const roundTripsMs = Array.from({ length: options.count ?? 1 }, () => 40);
        return this.instead?.(order) ?? Promise.resolve({ kind, roundTripsMs, origin: target.ip, ttl: undefined });
      },
    };
    this.probes = new NodeProbes(
      { ...OPEN, ...config },
      () => [4_433, 4_434],
      { hosts },
      prober,
      () => this.nowMs,
    );
  }

  /** Asks. @returns the name of the refusal, or the samples in milliseconds */
  async ask(to: string, request: Partial<Probe> = {}, account = 'alice'): Promise<string | readonly number[]> {
    const { refusal, samplesUs } = await this.result(to, request, account);
    const name = Object.entries(PROBE_REFUSAL_CODES).find(([, code]) => code === refusal)?.[0];
    return name ?? samplesUs.map((us) => us / 1_000);
  }

  async result(to: string, request: Partial<Probe> = {}, account = 'alice'): Promise<ProbeResult> {
    const [host, port] = to.split(':');
    const message: Probe = {
      type: 'probe',
      requestId: 7,
      ip: (parseIpv4(host) ?? 0) >>> 0,
      port: Number(port),
      kind: PROBE_KIND_CODES.icmp,
      count: 1,
      spacingMs: 0,
      maxAgeSecs: 0,
      extensions: [],
      ...request,
    };
    const answer = await this.probes.answer(message, { account, countDestination: () => this.newTargets++ });
    return answer as ProbeResult;
  }
}
