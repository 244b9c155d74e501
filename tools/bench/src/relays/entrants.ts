import type { LoadProcess } from '@lightspeed/lab';
import { startCRelay, whyNoCRelay } from '../peers/c-relay.ts';
import { startCoturn, whyNoCoturn } from '../peers/coturn.ts';
import { startNginx, whyNoNginx } from '../peers/nginx.ts';
import { OurNode } from './our-node.ts';
import type { Place, Relay } from './relay.ts';

/** The game server's echo without any relay: what load generator and kernel take by themselves. */
export const DIRECT = 'no relay';
/** The name in tables of LightSpeed with the batch engine. */
export const OURS = 'LightSpeed';
/** The name in tables of LightSpeed with FEC. */
export const OURS_FEC = 'LightSpeed, v2 K=4';
/** The name in tables of LightSpeed with the portable engine. */
export const OURS_PORTABLE = 'LightSpeed, portable';
/** The name in tables of the minimal relay in C. */
export const C_RELAY = 'C';
/** The name in tables of nginx. */
export const NGINX = 'nginx';
/** The name in tables of coturn. */
export const COTURN = 'coturn';

/** FEC of the version 2 rows: a parity for every four packets, both ways. */
export const GROUP_SIZE = 4;

/** Whoever takes part, and in which forms. */
export interface Entrant {
  readonly names: readonly string[];
  /** @returns why it cannot take part here, with what to do about it; undefined if it can. */
  readonly whyNot: () => string | undefined;
  readonly start: (place: Place & { readonly clients: number }, load: LoadProcess, undo: AsyncDisposableStack) => Promise<Relay[]>;
}

/** All that take part where they can, in the order of the tables. */
export const ENTRANTS: readonly Entrant[] = [
  {
    names: [DIRECT],
    whyNot: () => undefined,
    start: async ({ gameServer: address }) => [{ name: DIRECT, target: { framing: { kind: 'plain' }, address }, pids: [], lines: [] }],
  },
  {
    names: [OURS, OURS_FEC],
    whyNot: () => undefined,
    start: async (place, load, undo) => {
      const node = undo.use(await OurNode.start({ ...place, name: OURS, io: 'batch' }, load));
      return [node.spokenTo(OURS, 0), node.spokenTo(OURS_FEC, GROUP_SIZE)];
    },
  },
  {
    names: [OURS_PORTABLE],
    whyNot: () => undefined,
    start: async (place, load, undo) => {
      const node = undo.use(await OurNode.start({ ...place, name: OURS_PORTABLE, io: 'portable' }, load));
      return [node.spokenTo(OURS_PORTABLE, 0)];
    },
  },
  { names: [C_RELAY], whyNot: whyNoCRelay, start: async (place, _load, undo) => [await startCRelay(C_RELAY, place, undo)] },
  { names: [NGINX], whyNot: whyNoNginx, start: async (place, _load, undo) => [await startNginx(NGINX, place, undo)] },
  { names: [COTURN], whyNot: whyNoCoturn, start: async (place, _load, undo) => [await startCoturn(COTURN, place, undo)] },
];
