/**
 * Carries round trips through a relay and ends, so that what counts from outside can count it. In memory it takes
 * one of the ways of `IN_MEMORY` too. On sockets it prints how many round trips there were, and the system calls that the engine has counted.
 *
 *     node src/gate/relay-main.ts memory ROUND_TRIPS WAY
 *     node src/gate/relay-main.ts sockets ROUND_TRIPS
 *
 * @module
 */
const CLIENTS = 100;
/** V8 has compiled everything by then. */
const WARM_UP = 40_000;

const [, , kind, count, way] = process.argv;
const roundTrips = Number(count);
if (kind === 'sockets') {
  const { relayOnSockets } = await import('../micro/socket-relay.ts');
  console.log(JSON.stringify(await relayOnSockets(1, roundTrips)));
} else {
  const { MemoryRelay } = await import('../micro/memory-relay.ts');
  const { IN_MEMORY } = await import('../micro/allocation.ts');
  const relay = new MemoryRelay({ clients: CLIENTS, ...IN_MEMORY[way as keyof typeof IN_MEMORY] });
  relay.roundTrips(WARM_UP);
  relay.roundTrips(roundTrips);
  if (relay.dropped > 0) throw new Error(`${relay.dropped} datagrams were refused in a run that should refuse none`);
}
