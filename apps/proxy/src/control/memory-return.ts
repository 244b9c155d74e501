import type { ListenerCounters } from '@lightspeed/control/quic';
import type { Logger } from 'pino';
import { giveMemoryBack } from '../give-memory-back.ts';
import { messageOf } from '../node-error.ts';

/** So many connections have to end before it is worth while. */
const MANY = 100;
/** The QUIC library lets go of a connection some seconds after its end. */
const AFTER_MS = 10_000;
const LOOK_MS = 1_000;

/** Whose connections are counted. */
interface Connections {
  readonly connections: number;
  readonly listenerCounters: ListenerCounters;
}

/** Says when many connections have ended, and have been gone for a while. */
export class Surge {
  #endedBefore = 0;
  #dueMs: number | undefined;

  /**
   * To be asked now and then.
   * @param ended how many connections have ended since the start.
   * @returns whether what they have left behind is to be given back now.
   */
  isOver(ended: number, nowMs: number): boolean {
    if (this.#dueMs === undefined) {
      if (ended - this.#endedBefore >= MANY) this.#dueMs = nowMs + AFTER_MS;
      return false;
    }
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = undefined;
    this.#endedBefore = ended;
    return true;
  }
}

/**
 * Has memory go back to the system after every surge of connections: a process keeps what it once needed otherwise. After
 * 1,000 clients that had come and gone V8 held some 50 MiB of garbage, for want of a reason to collect it, and some 30 MiB
 * lay free in glibc. Takes the calling thread 20 to 60 ms, once in ten seconds at most. Packets go by other threads.
 *
 * @returns what ends it.
 */
export function returnMemoryAfterSurges(control: Connections, log: Logger): () => void {
  const surge = new Surge();
  const look = () => {
    const { accepted, refusedOverMax, refusedOverMaxPerAddress } = control.listenerCounters;
    const ended = accepted + refusedOverMax + refusedOverMaxPerAddress - control.connections;
    if (surge.isOver(ended, performance.now())) void returnMemory('many connections have ended', log);
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
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
