import type { NodeConfig } from './node-config.ts';
import { FIELDS, OPTIONS } from './options.ts';
import type { Field, Option } from './options.ts';

/** What may change while a node runs. The rest is what its memory, its sockets and its threads were made by. */
const RELOADABLE: ReadonlySet<Field> = new Set<Field>([
  'maxFlowsPerSession',
  'sessionTimeoutSecs',
  'flowTimeoutSecs',
  'graceSecs',
  'drainSecs',
  'certificate',
  'privateKey',
  'oversize',
  'issuerKeys',
  'revocationList',
  'openRatio',
  'maxDestinationsPerWindow',
  'banDurationSecs',
  'allowDestinations',
  'onlyAllowedDestinations',
  'denyDestinations',
  'maxPpsPerClient',
  'maxBpsPerClient',
  'probesEnabled',
  'probeTargets',
  'probesPerSecond',
  'logLevel',
]);

/** What a configuration that is read again changes. */
export interface Reload {
  /** What holds from now on: the old configuration with what may change of the new one. */
  readonly config: NodeConfig;
  /** Keys whose values are others now. */
  readonly changed: readonly string[];
  /** Keys whose values in the new configuration count only after a restart. */
  readonly later: readonly string[];
}

/** Compares the configuration that a node runs with to one that was read again. */
export function reloadOf(running: NodeConfig, read: NodeConfig): Reload {
  const different = FIELDS.filter((field) => differs(field, running, read));
  // One without the other is no identity, and issuers count only where tickets do.
  const mayChange = (field: Field) => RELOADABLE.has(field) && !(field === 'issuerKeys' && read.registration !== running.registration);
  const taken = different.filter(mayChange);
  const config = Object.freeze({ ...running, ...Object.fromEntries(taken.map((field) => [field, read[field]])) });
  const keysOf = (fields: readonly Field[]) => fields.map((field) => OPTIONS[field].key);
  return { config, changed: keysOf(taken), later: keysOf(different.filter((field) => !mayChange(field))) };
}

function differs<F extends Field>(field: F, a: NodeConfig, b: NodeConfig): boolean {
  const option: Option<NodeConfig[F]> = OPTIONS[field];
  return JSON.stringify(option.write(a[field])) !== JSON.stringify(option.write(b[field]));
}
