import type { FecMemory } from '@lightspeed/fec';
import { Random } from '@lightspeed/netem';
import type { DestinationPolicy } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { DEFAULT_RELAY_OPTIONS, RELAY_COUNTERS_BYTES, Relay, relayCountersIn } from '@lightspeed/session';
import type { RelayOptions, RelayOutput } from '@lightspeed/session';
import { AddressBook } from '@lightspeed/wire';

/** What a relay needs of those who drive it here. */
export type BenchOutput = Pick<RelayOutput, 'toClient' | 'toServer' | 'openEgress' | 'egressPort' | 'flush'>;

/** A relay without others beside it, whose clients are never banned and whose flows never end. The same in every run. */
export function benchRelay(options: Partial<RelayOptions>, memory: FecMemory, policy: DestinationPolicy, output: BenchOutput) {
  const counters = relayCountersIn(new ArrayBuffer(RELAY_COUNTERS_BYTES));
  const random = new Random(7);
  const never = (what: string) => () => {
    throw new Error(`a relay of the benchmark was not to ${what}`);
  };
  const refused = {
    banned: never('ban anybody'),
    misused: never('ban anybody'),
    attacked: never('be attacked'),
    tagging: () => undefined,
    overShare: never('run out of sockets'),
  };
  const all = { ...output, ...refused, closeEgress: () => undefined, forward: never('forward') };
  // Clients speak IPv4, whose addresses take no entries. Those of a larger book would count, though nobody writes them.
  const addresses = new AddressBook({ maxRetained: 1 });
  const needs = { memory, policy, counters, output: all, addresses, random: () => random.nextU32(), hmacSha256 };
  return { relay: new Relay({ ...DEFAULT_RELAY_OPTIONS, ...options }, needs), counters };
}
