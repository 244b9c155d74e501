/**
 * Carries round trips through a relay on real sockets, a fixed number of packets under way. It prints how many and what
 * system calls the engine has counted, from its start to its end.
 *
 *     node src/gate/system-calls-main.ts ROUND_TRIPS
 *
 * @module
 */
import { SocketRelay } from '../micro/socket-relay.ts';

const roundTrips = Number(process.argv[2]);
const relay = new SocketRelay('batch');
await relay.run(1, 1, roundTrips, () => undefined);
const { receive_calls, send_calls, wait_calls } = relay.udpCounters;
console.log(JSON.stringify({ roundTrips: relay.roundTrips, receives: receive_calls, sends: send_calls, waits: wait_calls }));
