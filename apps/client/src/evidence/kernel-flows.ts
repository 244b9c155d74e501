/** So many flows are asked for at once: a server browser has hundreds, and each is asked for in its turn. */
const MOST_ASKED = 8;

/** A flow that the kernel carries. IPv4 addresses are unsigned. */
export interface KernelFlow {
  readonly sourceIp: number;
  readonly sourcePort: number;
  readonly serverIp: number;
  readonly serverPort: number;
}

/** What is known of {@link KernelFlow}. */
interface Watched {
  readonly flow: KernelFlow;
  /** The silence after which it is over; undefined while the client has not closed it. */
  timeoutMs: number | undefined;
}

/**
 * Flows that go directly by the kernel. After the first datagrams the client sees nothing of them, so it closes them while the game
 * goes on. From then on the kernel is asked for how long they are silent. They are over after as much silence as any other flow.
 */
export class KernelFlows {
  readonly #silenceMs: (flow: KernelFlow) => Promise<number | undefined>;
  readonly #over: (id: number, silentMs: number) => void;
  readonly #flows = new Map<number, Watched>();
  /** Closed by the client, the one that was asked for last at the end. */
  readonly #closed = new Set<number>();
  #isLooking = false;

  /**
   * @param silenceMs undefined if nobody knows.
   * @param over told once of each flow that is over, and for how long it was silent.
   */
  constructor(silenceMs: (flow: KernelFlow) => Promise<number | undefined>, over: (id: number, silentMs: number) => void) {
    this.#silenceMs = silenceMs;
    this.#over = over;
  }

  /** The kernel carries it from now on. */
  add(id: number, flow: KernelFlow): void {
    this.#flows.set(id, { flow, timeoutMs: undefined });
  }

  /** The client has closed a flow, which was silent for so long as it could see. @returns whether it is watched from now on */
  closed(id: number, idleMs: number): boolean {
    const watched = this.#flows.get(id);
    if (watched === undefined) return false;
    watched.timeoutMs = idleMs;
    this.#closed.add(id);
    return true;
  }

  forget(id: number): void {
    this.#flows.delete(id);
    this.#closed.delete(id);
  }

  /** Asks for some of those that the client has closed. To be called once a second. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const id of [...this.#closed].slice(0, MOST_ASKED)) await this.#lookAt(id);
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAt(id: number): Promise<void> {
    const watched = this.#flows.get(id);
    if (watched?.timeoutMs === undefined) return;
    const { flow, timeoutMs } = watched;
    const silentMs = await this.#silenceMs(flow);
    // Meanwhile it may have been forgotten.
    if (!this.#closed.delete(id)) return;
    this.#closed.add(id);
    if (silentMs !== undefined && silentMs < timeoutMs) return;
    this.forget(id);
    this.#over(id, silentMs ?? timeoutMs);
  }
}
