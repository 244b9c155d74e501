import { RelayCounter } from '@lightspeed/session';
import { expect, it } from 'vitest';
import { MemoryRelay } from '../src/micro/memory-relay.ts';

it.each([false, true])('every client has a session and a flow, and its packets are carried, registered: %s', (registered) => {
  const memory = new MemoryRelay({ clients: 2_500, registered });
  expect([memory.relay.sessionCount, memory.relay.flowCount]).toEqual([2_500, 2_500]);
  const { serverPacketsSent, clientPacketsSent } = RelayCounter;
  const carried = () => [serverPacketsSent, clientPacketsSent].map((counter) => memory.counters.values[counter]);
  const [toServer, toClients] = carried();
  memory.roundTrips(5_000);

  expect(carried()).toEqual([toServer + 5_000, toClients + 5_000]);
  expect(memory.dropped).toBe(0);
});

it('tagged packets of clients are carried, and answered with tags', () => {
  const memory = new MemoryRelay({ clients: 100, tagged: true });
  memory.roundTrips(1_000);
  const { sessionsTagged, clientPacketsSent, clientBytesSent } = RelayCounter;
  const [tagged, packets, bytes] = [sessionsTagged, clientPacketsSent, clientBytesSent].map((counter) => memory.counters.values[counter]);
  // An acknowledgement, which comes before the first tagged packet, and 120 bytes behind a header and a tag for each answer.
  expect([tagged, packets, bytes, memory.dropped]).toEqual([100, 1_100, 100 * 20 + 1_000 * 144, 0]);
});

it('a packet that comes again is refused', () => {
  const memory = new MemoryRelay({ clients: 10 });
  memory.roundTrips(10);
  memory.repeat();
  expect(memory.dropped).toBe(10);
});
