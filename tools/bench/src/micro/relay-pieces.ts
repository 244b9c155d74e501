import { MemoryRelay } from './memory-relay.ts';
import type { Piece } from './piece.ts';

const CLIENTS = 100;
const PAYLOAD_BYTES = 120;

/** Whole round trips through a relay, four packets each, without any system call. */
export function relayPieces(): Piece[] {
  return [0, 4].map((groupSize) => {
    const relay = new MemoryRelay(CLIENTS, groupSize, PAYLOAD_BYTES);
    const version = groupSize === 0 ? 'version 1' : 'version 2, K=4';
    return {
      name: `relay: round trip of ${PAYLOAD_BYTES} bytes, ${CLIENTS} clients, ${version}`,
      operations: CLIENTS,
      run: () => relay.roundTrips(CLIENTS),
    };
  });
}
