import { ProbeError, Prober } from '@lightspeed/probe';
import type { ProbeKind, ProbeOptions, ProbeTarget } from '@lightspeed/probe';

/** What to measure, as JSON in the first word of the command line. */
interface Order {
  /** `routers` for all routers on the way. */
  readonly kind: ProbeKind | 'routers';
  readonly target: ProbeTarget;
  readonly options: ProbeOptions;
}

const { kind, target, options } = JSON.parse(process.argv[2]) as Order;
try {
  process.stdout.write(JSON.stringify(kind === 'routers' ? await new Prober().routers(target) : await measure(kind)));
} catch (error) {
  if (!(error instanceof ProbeError)) throw error;
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}

async function measure(kind: ProbeKind): Promise<object> {
  const { roundTripsMs, ...rest } = await new Prober().probe(target, kind, options);
  // JSON has no undefined.
  return { ...rest, roundTripsMs: roundTripsMs.map((ms) => ms ?? null) };
}
