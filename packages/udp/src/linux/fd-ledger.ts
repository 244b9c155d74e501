import { closeFd } from './data-socket.ts';
import { UdpError } from '../errors.ts';

/*
 * A worker thread that dies leaves its raw descriptors open: they belong to the process. So a batch engine notes them
 * in shared memory, one bit a descriptor, and the thread that outlives it closes what is still noted.
 */

const BITS_PER_WORD = 32;

/** @param capacity highest descriptor number that can be noted, plus 1; an engine opens no descriptor past it */
export function createFdLedger(capacity = 1_048_576): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.ceil(capacity / BITS_PER_WORD) * 4);
}

/** The engine's side of a ledger. Without a buffer it notes nothing and refuses nothing. */
export class FdLedger {
  private readonly words: Int32Array | undefined;

  constructor(buffer: SharedArrayBuffer | undefined) {
    this.words = buffer === undefined ? undefined : new Int32Array(buffer);
  }

  /** False: the ledger has no room for this number, and the descriptor must be closed at once. */
  note(fd: number): boolean {
    if (this.words === undefined) return true;
    if (fd >= this.words.length * BITS_PER_WORD) return false;
    Atomics.or(this.words, fd >>> 5, 1 << (fd & 31));
    return true;
  }

  /** Call before closing: noted after its close, the number might already be somebody else's. */
  erase(fd: number): void {
    if (this.words === undefined || fd >= this.words.length * BITS_PER_WORD) return;
    Atomics.and(this.words, fd >>> 5, ~(1 << (fd & 31)));
  }
}

/** Descriptors noted in a ledger. */
export function ledgerFds(ledger: SharedArrayBuffer): number[] {
  const words = new Int32Array(ledger);
  const fds: number[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = Atomics.load(words, index);
    for (let bit = 0; word >>> bit !== 0 && bit < BITS_PER_WORD; bit++) {
      if (((word >>> bit) & 1) === 1) fds.push(index * BITS_PER_WORD + bit);
    }
  }
  return fds;
}

/**
 * Closes every descriptor that a dead worker left open, and empties the ledger for its successor. Call it after the
 * worker's 'exit' event, never before: a live worker would find its descriptors closed or, worse, given to others.
 *
 * @returns how many were closed
 */
export function closeLedgerFds(ledger: SharedArrayBuffer): number {
  if (!(ledger instanceof SharedArrayBuffer)) {
    throw new UdpError('ERR_UDP_INVALID_ARGUMENT', 'a ledger is what createFdLedger returned');
  }
  const own = new FdLedger(ledger);
  const fds = ledgerFds(ledger);
  for (const fd of fds) {
    own.erase(fd);
    closeFd(fd);
  }
  return fds.length;
}
