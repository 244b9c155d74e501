import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import type { Generator } from './generator-main.ts';
import type { Clients } from './registrants-main.ts';

/** The load generator in a process of its own: clients of relays, and the game servers that they play on. */
export type LoadProcess = Remote<Generator>;

/** @param within what to put in front of its command line, such as `taskset -c 1`. */
export function startLoad(within: readonly string[] = []): LoadProcess {
  return startChild<Generator>({ program: new URL('./generator-main.ts', import.meta.url), name: 'the load generator', within });
}

/** Many clients in a process of their own that register, stay connected, and send Pings as real ones do. */
export type Registrants = Remote<Clients>;

/** Starts the process of the clients. */
export function startRegistrants(): Registrants {
  return startChild<Clients>({ program: new URL('./registrants-main.ts', import.meta.url), name: 'the process of the clients' });
}
