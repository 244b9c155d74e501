import { ProbeError, Prober } from '@lightspeed/probe';
import type { ProbeKind, ProbeOptions, ProbeTarget } from '@lightspeed/probe';

/** What to measure, as JSON in the first word of the command line. */
interface Order {
  readonly kind: ProbeKind;
  readonly target: ProbeTarget;
  readonly options: ProbeOptions;
}

const { kind, target, options } = JSON.parse(process.argv[2]) as Order;
try {
  const { roundTripsMs, ...rest } = await new Prober().probe(target, kind, options);
  // JSON has no undefined.
  process.stdout.write(JSON.stringify({ ...rest, roundTripsMs: roundTripsMs.map((ms) => ms ?? null) }));
} catch (error) {
  if (!(error instanceof ProbeError)) throw error;
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}
