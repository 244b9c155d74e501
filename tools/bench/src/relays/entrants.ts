import { startCRelay, startCoturn, startNginx, whyNoNginx, whyWithout } from '../peers/peers.ts';
import { ourNode } from './our-node.ts';
import type { Entrant, Relay } from './relay.ts';

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

/** All that take part where they can, in the order of the tables. */
export const ENTRANTS: readonly Entrant[] = [
  inOneForm(DIRECT, async ({ gameServer: address }) => ({ target: { framing: { kind: 'plain' }, address }, pids: [], lines: [] })),
  ourNode({ io: 'batch' }, { [OURS]: 0, [OURS_FEC]: GROUP_SIZE }),
  ourNode({ io: 'portable' }, { [OURS_PORTABLE]: 0 }),
  inOneForm(C_RELAY, startCRelay, () => whyWithout('cc', 'gcc libc6-dev')),
  inOneForm(NGINX, startNginx, whyNoNginx),
  inOneForm(COTURN, startCoturn, () => whyWithout('turnserver', 'coturn')),
];

function inOneForm(
  name: string,
  start: (...args: Parameters<Entrant['start']>) => Promise<Omit<Relay, 'name'>>,
  whyNot: Entrant['whyNot'] = () => undefined,
): Entrant {
  return { names: [name], whyNot, start: async (...args) => [{ name, ...(await start(...args)) }] };
}
