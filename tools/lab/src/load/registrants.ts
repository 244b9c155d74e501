import type { Endpoint } from '@lightspeed/wire';
import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import type { RegisteredSession } from './registrant.ts';
import type { Clients } from './registrants-main.ts';

/** Which node registers how many clients. */
export interface RegistrantsPlan {
  readonly control: Endpoint;
  readonly pin: string;
  readonly clients: number;
  /** What lets them in, where the node wants that. */
  readonly ticket?: Uint8Array;
  /** How many do so at the same time; all of them when left out. */
  readonly atOnce?: number;
}

/** What has come of the registrations. */
export interface RegistrantsReport {
  /** When each of those was registered that are, since the start of all, ascending. */
  readonly tookMs: readonly number[];
  /** In the same order. They last until all leave, or hang up. */
  readonly sessions: readonly RegisteredSession[];
  /** Why others are not. */
  readonly failures: readonly string[];
}

/** Many clients in a process of their own that register, stay connected, and send Pings as real ones do. */
export type Registrants = Remote<Clients>;

/** Starts the process of the clients. */
export function startRegistrants(): Registrants {
  return startChild<Clients>({ program: new URL('./registrants-main.ts', import.meta.url), name: 'the process of the clients' });
}
