import { returnProgramPages } from '@lightspeed/udp';
import type { ListenerCounters } from '@lightspeed/control/quic';
import type { Logger } from 'pino';
import { giveMemoryBack } from './give-memory-back.ts';
import { messageOf } from './node-error.ts';

/** So many connections have to end before it is worth while. */
const MANY_CONNECTIONS = 100;
/** And so many sessions have to open. */
const MANY_SESSIONS = 1_000;
/** The QUIC library lets go of a connection some seconds after its end, and V8's compilers are done by then. */
const AFTER_MS = 10_000;
const LOOK_MS = 1_000;

/** Whose connections are counted. */
interface Connections {
  readonly connections: number;
  readonly counters: Pick<ListenerCounters, 'accepted' | 'refusedOverMax' | 'refusedOverMaxPerAddress'>;
}

/** Says when something has happened many times, and a while ago. */
export class Surge {
  readonly #many: number;
  #countBefore = 0;
  #dueMs: number | undefined;

  constructor(many: number) {
    this.#many = many;
  }

  /**
   * To be asked now and then.
   * @param count how often it has happened since the start.
   * @returns whether what it has left behind is to be given back now.
   */
  isOver(count: number, nowMs: number): boolean {
    if (this.#dueMs === undefined) {
      if (count - this.#countBefore >= this.#many) this.#dueMs = nowMs + AFTER_MS;
      return false;
    }
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = undefined;
    this.#countBefore = count;
    return true;
  }
}

/**
 * Gives memory back to the system ten seconds after the start, and after every surge of connections or sessions. A process
 * keeps what it once needed otherwise. Measured with this, and without any of it or of the return after a save:
 *
 * | resident memory, MB | with | without |
 * |---|--:|--:|
 * | a node without clients | 115 | 124 |
 * | with 10,000 idle registered sessions | 131 | 157 to 160 |
 * | with 50,000 | 184 | 217 |
 *
 * Without any of it a session takes 3.2 to 3.8 kB with 10,000 of them, and 1.7 kB with 50,000. With it, it takes 1.6 and
 * 1.3 kB. The aim is 1.5 kB, and 200 MB with 50,000.
 * Takes the calling thread 20 to 60 ms, once in ten seconds at most. Packets go by other threads.
 *
 * @param connections undefined without a control plane.
 * @param sessionsOpened how many sessions have opened since the start.
 * @returns what ends it.
 */
export function returnMemoryAfterSurges(connections: Connections | undefined, sessionsOpened: () => number, log: Logger): () => void {
  const ended = new Surge(MANY_CONNECTIONS);
  const opened = new Surge(MANY_SESSIONS);
  const look = () => {
    const nowMs = performance.now();
    const isEndOver = connections !== undefined && ended.isOver(endedOf(connections), nowMs);
    const isOpeningOver = opened.isOver(sessionsOpened(), nowMs);
    if (isEndOver) void returnMemory('many connections have ended', log);
    else if (isOpeningOver) void returnMemory('many sessions have opened', log);
  };
  const start = setTimeout(() => {
    // Of the program's pages a start needs many that nobody needs afterwards.
    returnProgramPages();
    void returnMemory('the start', log);
  }, AFTER_MS).unref();
  const timer = setInterval(look, LOOK_MS).unref();
  return () => {
    clearTimeout(start);
    clearInterval(timer);
  };
}

function endedOf({ connections, counters }: Connections): number {
  const { accepted, refusedOverMax, refusedOverMaxPerAddress } = counters;
  return accepted + refusedOverMax + refusedOverMaxPerAddress - connections;
}

/** @param after what has left it behind, for the log. */
export async function returnMemory(after: string, log: Logger): Promise<void> {
  const beforeBytes = process.memoryUsage.rss();
  try {
    await giveMemoryBack();
  } catch (error) {
    log.debug({ why: messageOf(error) }, 'garbage cannot be collected now: it is when there is need');
  }
  log.debug({ beforeBytes, afterBytes: process.memoryUsage.rss() }, `gave memory back after ${after}`);
}
