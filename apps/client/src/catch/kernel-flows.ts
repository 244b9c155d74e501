import { MAX_QUIET_FLOWS } from '@lightspeed/capture';
import type { CaptureClient, CapturedFlow } from '@lightspeed/capture';
import type { CaughtFlow } from '../ingress/transparent/messages.ts';

/** More often than flows end, which is after a minute or so without a datagram. */
const ASK_MS = 5_000;

interface KernelFlow {
  readonly caught: CaughtFlow;
  readonly captured: CapturedFlow;
  quietMs: number;
}

/**
 * The flows that the kernel carries. Nobody here sees their datagrams, so the helper is asked for how long each was quiet. Without
 * that, a match that goes directly would seem to be over after its first datagrams.
 */
export class KernelFlows implements Disposable {
  readonly #helper: Pick<CaptureClient, 'quietMs'>;
  readonly #seen: (flow: CaughtFlow, quietMs: number) => void;
  /** By source and server. */
  readonly #flows = new Map<string, KernelFlow>();
  readonly #timer: NodeJS.Timeout;

  /** @param seen hears of each flow that lives, and for how long its program has sent nothing. */
  constructor(helper: Pick<CaptureClient, 'quietMs'>, seen: (flow: CaughtFlow, quietMs: number) => void) {
    this.#helper = helper;
    this.#seen = seen;
    this.#timer = setInterval(() => void this.ask(), ASK_MS);
    this.#timer.unref();
  }

  /** The kernel carries a flow from now on. Of too many, the one that was quiet for longest gives way. */
  add(caught: CaughtFlow, captured: CapturedFlow): void {
    const name = `${caught.sourceIp}:${caught.sourcePort}:${caught.serverIp}:${caught.serverPort}`;
    this.#flows.delete(name);
    if (this.#flows.size >= MAX_QUIET_FLOWS) this.#dropQuietest();
    this.#flows.set(name, { caught, captured, quietMs: 0 });
  }

  /** Asks now. Never rejects: without an answer nothing is known. */
  async ask(): Promise<void> {
    if (this.#flows.size === 0) return;
    const asked = [...this.#flows];
    let quiet: readonly (number | null)[];
    try {
      quiet = await this.#helper.quietMs(asked.map(([, { captured }]) => captured));
    } catch {
      // The end of the capture, or an older helper, is told by others.
      return;
    }
    for (const [nth, [name, flow]] of asked.entries()) {
      const quietMs = quiet[nth] ?? null;
      if (quietMs === null) this.#flows.delete(name);
      else {
        flow.quietMs = quietMs;
        this.#seen(flow.caught, quietMs);
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#flows.clear();
  }

  #dropQuietest(): void {
    let quietest: string | undefined;
    let mostMs = -1;
    for (const [name, { quietMs }] of this.#flows) {
      if (quietMs <= mostMs) continue;
      quietest = name;
      mostMs = quietMs;
    }
    if (quietest !== undefined) this.#flows.delete(quietest);
  }
}
