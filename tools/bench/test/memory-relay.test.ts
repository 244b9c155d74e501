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

it('a packet that comes again is refused', () => {
  const memory = new MemoryRelay({ clients: 10 });
  memory.roundTrips(10);
  memory.repeat();
  expect(memory.dropped).toBe(10);
});
