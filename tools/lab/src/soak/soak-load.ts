import { monotonicUs } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { count } from '../figures.ts';
import { startLoad } from '../load/processes.ts';
import type { OpenResult } from '../load/opening-run.ts';
import type { WindowResult } from '../load/window-run.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import type { Expectations, Progress } from '../runs.ts';

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
export type SoakLoadReport = { readonly opened: OpenResult; readonly window: WindowResult };

/**
 * Opens clients of a node that lets anybody in, with the game servers that they play on, which look at whatever comes
 * back. All ends with `started`.
 * @param sourceIps addresses of loopback that clients take turns in.
 */
export async function openSoakLoad(started: AsyncDisposableStack, clients: number, sourceIps = [LOOPBACK], servers = 1) {
  const load = started.use(startLoad());
  const serverIps = Array.from({ length: servers }, () => LOOPBACK);
  /** Opens a session for each client, and has all send their packets at a steady rate. The sessions stay. */
  const run = async (name: string, address: Endpoint, plan: SoakLoadPlan, progress: Progress): Promise<SoakLoadReport> => {
    const { clients, opensPerSecond, packetsPerClient, ratePps } = plan;
    const target = { name, framing: { kind: 'lstp', groupSize: 0 }, address, clients } as const;
    const opened = await load.open(target, opensPerSecond);
    progress(`${count(opened.open)} sessions open`);
    const startMs = performance.now();
    const tell = () => progress(`packets have flowed for ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
    using _telling = setInterval(tell, TELL_EVERY_MS);
    const measureMs = (clients * packetsPerClient * 1_000) / ratePps;
    const window = await load.window(target, {
      ...{ startUs: monotonicUs() + NOTICE_US, ratePps, grainUs: 0, burst: 1, warmUpMs: 0, guardMs: 0, measureMs },
      ...{ timeoutMs: SILENCE_MS, careful: true },
    });
    return { opened, window };
  };
  return { servers: await load.openSockets({ clients, sourceIps, serverIps }), run };
}

/** That all sessions opened, everything was sent, and each packet was answered once, whole, to its own client. */
export function expectWholeLoad(expect: Expectations, { opened, window }: SoakLoadReport, clients: number, packets: number): void {
  expect.equal('sessions opened', opened.open, clients);
  expect.equal('packets sent', window.sent, packets);
  expect.equal('packets answered', answeredOf(window), packets);
  expect.equal('answers at the wrong client', window.misdelivered, 0);
  expect.equal('answers that came twice', window.duplicates, 0);
  expect.equal('answers that were not right', window.corrupted, 0);
  expect.equal('datagrams that the kernel dropped in front of the clients', window.ownDrops, 0);
}

/** Packets that were answered at all. */
export function answeredOf({ answered, late }: Pick<WindowResult, 'answered' | 'late'>): number {
  return answered + late;
}
