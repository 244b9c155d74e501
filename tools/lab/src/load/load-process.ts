import type { Endpoint } from '@lightspeed/wire';
import { startChild } from '../child-program.ts';
import type { Remote } from '../child-program.ts';
import type { Generator } from './generator-main.ts';

/** Which sockets the load generator opens: clients take turns in the source addresses, and in the servers. */
export interface SocketsPlan {
  readonly clients: number;
  readonly sourceIps: readonly number[];
  /** The addresses of the game servers, each of which echoes. */
  readonly serverIps: readonly number[];
}

/** What clients put around payloads. */
export type FramingPlan =
  | { readonly kind: 'plain' }
  /** Headers of 20 bytes for a relay that strips them and puts them in front, but looks at nothing in them. */
  | { readonly kind: 'header' }
  | {
      readonly kind: 'lstp';
      /** Packets per FEC group, 0 for version 1. */
      readonly groupSize: number;
      /** The name of the clients' sessions; those of nobody when left out, for a node that lets anybody in. */
      readonly registrations?: string;
    }
  | { readonly kind: 'turn' };

/** A relay as clients see it. */
export interface LoadTarget {
  /** Targets are told apart by this. */
  readonly name: string;
  readonly framing: FramingPlan;
  readonly address: Endpoint;
  /** How many of the clients take part. */
  readonly clients: number;
}

/** The load generator in a process of its own: clients of relays, and the game servers that they play on. */
export type LoadProcess = Remote<Generator>;

/** @param within what to put in front of its command line, such as `taskset -c 1`. */
export function startLoad(within: readonly string[] = []): LoadProcess {
  return startChild<Generator>({ program: new URL('./generator-main.ts', import.meta.url), name: 'the load generator', within });
}
