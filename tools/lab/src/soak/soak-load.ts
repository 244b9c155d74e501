import { setTimeout } from 'node:timers/promises';
import { monotonicUs } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { count } from '../figures.ts';
import type { OpenResult } from '../load/load-messages.ts';
import { LoadProcess } from '../load/load-process.ts';
import type { WindowResult } from '../load/window-run.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import type { Expectations, Progress } from './outcome.ts';

const NOTICE_US = 100_000;
/** So long after the last answer the rest will not come. */
const SILENCE_MS = 2_000;
const TELL_EVERY_MS = 1_000;

/** How many clients open sessions and send, and how fast. */
export interface SoakLoadPlan {
  readonly clients: number;
  readonly opensPerSecond: number;
  readonly packetsPerClient: number;
  /** Over all clients. */
  readonly ratePps: number;
}

/** What has come of a load. */
export interface SoakLoadReport {
  readonly opened: OpenResult;
  readonly window: WindowResult;
}

/** Clients of a node that lets anybody in, with the game servers that they play on, which look at whatever comes back. */
export class SoakLoad implements AsyncDisposable {
  readonly #process: LoadProcess;
  /** The game servers. */
  readonly servers: readonly Endpoint[];

  private constructor(process: LoadProcess, servers: readonly Endpoint[]) {
    this.#process = process;
    this.servers = servers;
  }

  /** @param sourceIps addresses of loopback that clients take turns in. */
  static async open(clients: number, sourceIps: readonly number[], servers: number): Promise<SoakLoad> {
    const load = new LoadProcess();
    try {
      const serverIps = Array.from({ length: servers }, () => LOOPBACK);
      return new SoakLoad(load, await load.openSockets({ clients, sourceIps, serverIps }));
    } catch (error) {
      await load[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens a session for each client, and has all send their packets at a steady rate. The sessions stay. */
  async run(name: string, address: Endpoint, plan: SoakLoadPlan, progress: Progress): Promise<SoakLoadReport> {
    const { clients, opensPerSecond, packetsPerClient, ratePps } = plan;
    const target = { name, framing: { kind: 'lstp', groupSize: 0 }, address, clients } as const;
    const opened = await this.#process.open(target, opensPerSecond);
    progress(`${count(opened.open)} sessions open`);
    const over = new AbortController();
    const telling = tellTime(progress, over.signal);
    const measureMs = (clients * packetsPerClient * 1_000) / ratePps;
    try {
      const window = await this.#process.window(target, {
        ...{ startUs: monotonicUs() + NOTICE_US, ratePps, grainUs: 0, burst: 1, warmUpMs: 0, guardMs: 0, measureMs },
        ...{ timeoutMs: SILENCE_MS, careful: true },
      });
      return { opened, window };
    } finally {
      over.abort();
      await telling;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

async function tellTime(progress: Progress, over: AbortSignal): Promise<void> {
  for (let seconds = 1; !over.aborted; seconds++) {
    await setTimeout(TELL_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
    if (!over.aborted) progress(`packets have flowed for ${seconds} s`);
  }
}

/** That all sessions opened, everything was sent, and each packet was answered once, whole, to its own client. */
export function expectWholeLoad(expectations: Expectations, { opened, window }: SoakLoadReport, clients: number, packets: number): void {
  expectations.equal('sessions opened', opened.open, clients);
  expectations.equal('packets sent', window.sent, packets);
  expectations.equal('packets answered', answeredOf(window), packets);
  expectations.equal('answers at the wrong client', window.misdelivered, 0);
  expectations.equal('answers that came twice', window.duplicates, 0);
  expectations.equal('answers that were not right', window.corrupted, 0);
  expectations.equal('datagrams that the kernel dropped in front of the clients', window.ownDrops, 0);
}

/** Packets that were answered at all. */
export function answeredOf({ answered, late }: Pick<WindowResult, 'answered' | 'late'>): number {
  return answered + late;
}
