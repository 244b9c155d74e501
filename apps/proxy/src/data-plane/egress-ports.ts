import type { Port } from '@lightspeed/wire';
import type { PortRange } from '../base/port-range.ts';

/**
 * Ports for egress sockets, in a ring. The port that was free for longest is used next. So late answers to a flow that
 * is over find no new flow on their port.
 *
 * ```
 *   ring   | . | 4 | 5 | 6 | 7 | . | . |        free ports; as many entries as the range has ports
 *                ^ first        ^ first + free
 * ```
 */
export class EgressPorts {
  readonly #ring: Uint16Array;
  #first = 0;
  #free: number;

  constructor(range: PortRange) {
    this.#ring = Uint16Array.from({ length: range.high - range.low + 1 }, (_, index) => range.low + index);
    this.#free = this.#ring.length;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** @returns a port, or -1 if all are taken. */
  take(): number {
    if (this.#free === 0) return -1;
    const port = this.#ring[this.#first];
    this.#first = this.#first + 1 < this.#ring.length ? this.#first + 1 : 0;
    this.#free--;
    return port;
  }

  /** Takes a certain port, wherever it is in the ring. @returns false if it is not free, or none of the range. */
  takeThis(port: Port): boolean {
    const { length } = this.#ring;
    for (let place = 0; place < this.#free; place++) {
      if (this.#ring[(this.#first + place) % length] !== port) continue;
      for (let next = place; next > 0; next--) {
        this.#ring[(this.#first + next) % length] = this.#ring[(this.#first + next - 1) % length];
      }
      this.#first = this.#first + 1 < length ? this.#first + 1 : 0;
      this.#free--;
      return true;
    }
    return false;
  }

  /** Puts a port that `take` gave behind all that are free. */
  giveBack(port: Port): void {
    this.#ring[(this.#first + this.#free) % this.#ring.length] = port;
    this.#free++;
  }
}

/**
 * A worker's part of a range. The parts differ by one port at the most.
 * @param workers at most as many as there are ports.
 */
export function egressPortsOf(range: PortRange, worker: number, workers: number): PortRange {
  const ports = range.high - range.low + 1;
  const low = range.low + Math.floor((ports * worker) / workers);
  return { low, high: range.low + Math.floor((ports * (worker + 1)) / workers) - 1 };
}
