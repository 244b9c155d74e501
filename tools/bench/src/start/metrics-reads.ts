import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LOOPBACK, LabError, NodeProgram, startLoad, temporaryFolder } from '@lightspeed/lab';
import { measureWindow } from '../relays/window.ts';
import { addressesOf, savedRegistrations, sessionsOf } from '../scale/sessions.ts';
import type { Form } from './forms.ts';

const CLIENTS = 1_000;
const SERVER_IP = 0x7fc8_0001;
const RATE_PPS = 10_000;
const READ_EVERY_MS = 100;
const SILENCE_MS = 300;
const OPENED_PER_SECOND = 2_000;
const LIFETIMES = { sessionTimeoutSecs: 3_600, flowTimeoutSecs: 3_600, graceSecs: 3_600 };

/** What datagrams met in one window. */
export interface ReadWindow {
  readonly p50Us: number;
  readonly p99Us: number;
  /** 0 to 1. */
  readonly loss: number;
}

/** Windows without and with reads of `/metrics`, in turns: the n-th of both belong together. */
export interface ReadWindows {
  readonly without: readonly ReadWindow[];
  readonly withReads: readonly ReadWindow[];
}

/**
 * Measures what ten reads of `/metrics` a second do to datagrams of 1,000 registered clients. Linux only.
 * @throws {LabError} (rejection) `ERR_LAB_PROCESS` if sessions do not open, or metrics cannot be read.
 */
export async function measureMetricsReads(
  form: Form,
  rounds: number,
  windowMs: number,
  progress: (what: string) => void,
): Promise<ReadWindows> {
  await using undo = new AsyncDisposableStack();
  const load = undo.use(startLoad());
  const servers = await load.openSockets({ clients: CLIENTS, sourceIps: addressesOf(0, CLIENTS), serverIps: [SERVER_IP] });
  await load.takeSessions('start', sessionsOf(0, CLIENTS));
  const { path: stateDir } = undo.use(await temporaryFolder());
  await writeFile(join(stateDir, 'sessions.json'), savedRegistrations([CLIENTS]));
  const node = undo.use(
    await NodeProgram.start({
      ...{ ...form, ...LIFETIMES, allow: servers, stateDir, egressIp: LOOPBACK, admit: 'whoever registers', maxClients: CLIENTS },
    }),
  );
  const framing = { kind: 'lstp', groupSize: 0, registrations: 'start' } as const;
  const relay = { name: 'start', target: { framing, address: node.data }, pids: [node.pid], lines: node.lines };
  const { open } = await load.open({ name: relay.name, ...relay.target, clients: CLIENTS }, OPENED_PER_SECOND);
  if (open < CLIENTS) throw new LabError('ERR_LAB_PROCESS', `only ${open} of ${CLIENTS} sessions could be opened`);
  const shape = { clients: CLIENTS, ratePps: RATE_PPS, grainUs: 0, burst: 1, warmUpMs: 300, measureMs: windowMs, timeoutMs: SILENCE_MS };
  const found = { without: [] as ReadWindow[], withReads: [] as ReadWindow[] };
  await measureWindow(load, relay, shape);
  for (let round = 0; round < rounds; round++) {
    progress(`reads of /metrics, round ${round + 1} of ${rounds}`);
    for (const kind of round % 2 === 0 ? (['without', 'withReads'] as const) : (['withReads', 'without'] as const)) {
      const over = new AbortController();
      const reading = kind === 'withReads' ? readUntil(node, over.signal) : Promise.resolve();
      const { p50Us, p99Us, loss } = await measureWindow(load, relay, shape).finally(() => over.abort());
      await reading;
      found[kind].push({ p50Us, p99Us, loss });
    }
  }
  return found;
}

/** Who reads takes as little of the processor as can be: it is on another machine in practice, and would be measured here. */
async function readUntil({ metricsUrl }: NodeProgram, over: AbortSignal): Promise<void> {
  using agent = new DisposableAgent();
  while (!over.aborted) {
    const pause = setTimeout(READ_EVERY_MS);
    const [answer] = (await once(get(metricsUrl, { agent }), 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new LabError('ERR_LAB_PROCESS', `${metricsUrl} answers ${answer.statusCode}`);
    await once(answer.resume(), 'end');
    await pause;
  }
}

class DisposableAgent extends Agent implements Disposable {
  constructor() {
    super({ keepAlive: true, maxSockets: 1 });
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
