import { once } from 'node:events';
import type { RunningTunnel } from '@lightspeed/client';
import type { LossyLink } from '../lossy-link.ts';
import type { NodeProgram } from '../node-program.ts';

/** The player's end, and what may befall it. */
export interface Stage {
  readonly tunnel: RunningTunnel;
  readonly link: LossyLink;
  /** The tunnel's first path is sent from there. */
  readonly firstPathIp: number;
  /** The node that runs at the moment. */
  node: NodeProgram;
}

/** Something that happens in the middle of a game. */
export interface Trial {
  readonly name: string;
  readonly begin: (stage: Stage) => Promise<void>;
  /** Takes it back before the next one. */
  readonly end?: (stage: Stage) => void;
}

/** What must not throw a player out. Each leaves the address that the game server sees. */
export const TRIALS: readonly Trial[] = [
  {
    name: 'the client sends from another port',
    begin: async ({ tunnel }) => {
      const rebound = once(tunnel, 'rebound');
      tunnel.rebind(0);
      await rebound;
    },
  },
  {
    name: 'the NAT in front of the node forgets the client',
    begin: ({ link }) => link.forget(),
  },
  {
    name: 'the first of two paths is gone',
    begin: ({ link, firstPathIp }) => Promise.resolve(link.block(firstPathIp)),
    end: ({ link, firstPathIp }) => link.unblock(firstPathIp),
  },
  {
    name: 'the node is killed and started again',
    begin: async (stage) => {
      await stage.node.kill();
      stage.node = await stage.node.again();
    },
  },
];
