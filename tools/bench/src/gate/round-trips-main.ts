/**
 * Carries a number of round trips through a relay in memory and ends. What is counted from outside, by valgrind, is
 * divided by what two runs differ in.
 *
 *     node src/gate/round-trips-main.ts ROUND_TRIPS GROUP_SIZE
 *
 * @module
 */
import { MemoryRelay } from '../micro/memory-relay.ts';

const CLIENTS = 100;
/** V8 has compiled everything by then. */
const WARM_UP = 40_000;

const [roundTrips, groupSize] = process.argv.slice(2).map(Number);
const relay = new MemoryRelay({ clients: CLIENTS, groupSize });
relay.roundTrips(WARM_UP);
relay.roundTrips(roundTrips);
if (relay.dropped > 0) throw new Error(`${relay.dropped} datagrams were refused in a run that should refuse none`);
