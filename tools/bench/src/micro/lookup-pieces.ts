import { DuplicateWindow, KeyTable } from '@lightspeed/session';
import { xorShift } from './random.ts';
import type { Piece } from './time-piece.ts';

const LOOKED_UP = 1_024;

/** The duplicate window, and sessions found by their clients' addresses among 10, 1,000 and 100,000. */
export function lookupPieces(): Piece[] {
  return [duplicateWindow(), ...[10, 1_000, 100_000].map(sessionLookup)];
}

function duplicateWindow(): Piece {
  const window = new DuplicateWindow();
  let sequence = 0;
  return {
    name: 'duplicate window: a new packet',
    operations: 100,
    run: () => {
      for (let i = 0; i < 100; i++) window.accept((sequence = (sequence + 1) & 0xffff), i, 0, false);
    },
  };
}

/** Clients come in an order that nobody can foresee, so that beyond the caches their entries come from memory. */
function sessionLookup(sessions: number): Piece {
  const random = xorShift(7);
  const table = new KeyTable(random(), 0, 2);
  const ips = Int32Array.from({ length: sessions }, () => random());
  const ports = Int32Array.from({ length: sessions }, () => random() & 0xffff);
  for (let session = 0; session < sessions; session++) table.set(ips[session], ports[session], 0, 0, session);
  const order = Int32Array.from({ length: 64 * LOOKED_UP }, () => (random() >>> 0) % sessions);
  let at = 0;
  return {
    name: `session lookup among ${sessions.toLocaleString('en')}`,
    operations: LOOKED_UP,
    run: () => {
      let sum = 0;
      for (let i = 0; i < LOOKED_UP; i++) {
        const session = order[at + i];
        sum += table.get(ips[session], ports[session], 0, 0);
      }
      at = (at + LOOKED_UP) % order.length;
      return sum;
    },
  };
}
