/** One copy of a packet on its way. */
export interface Delivery<T> {
  readonly packet: T;
  readonly dueMs: number;
  /** Number of the packet in the order of sending; a duplicate has its original's. */
  readonly sentNumber: number;
  /** Breaks ties of `dueMs`, so that what is due together comes out in the order in which it went in. */
  readonly order: number;
}

/**
 * Copies under way, the earliest first: a binary heap in an array.
 *
 *          [0]            children of [i] are [2i+1] and [2i+2],
 *        /     \          and never due before [i]
 *     [1]       [2]
 *    /   \     /   \
 *  [3]   [4] [5]   [6]
 */
export class DeliveryQueue<T> {
  readonly #heap: Delivery<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): Delivery<T> | undefined {
    return this.#heap[0];
  }

  push(delivery: Delivery<T>): void {
    const heap = this.#heap;
    let at = heap.push(delivery) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || !before(delivery, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = delivery;
  }

  pop(): Delivery<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = heap[childAt];
      if (child === undefined) break;
      const right = heap[childAt + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        childAt += 1;
      }
      if (!before(child, moved)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = moved;
    return first;
  }
}

function before<T>(a: Delivery<T>, b: Delivery<T>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
