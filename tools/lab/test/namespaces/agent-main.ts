import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../../src/child-program.ts';
import { openGameServer } from '../../src/game/game-server.ts';
import type { GameServer } from '../../src/game/game-server.ts';
import { startPlayer } from '../../src/game/player.ts';
import type { Player, PlayerPlan } from '../../src/game/player.ts';
import { probe } from './probe.ts';

/** Tunnels that start at the same time: each costs a thread. */
const AT_ONCE = 8;

const players: Player[] = [];
const servers: GameServer[] = [];

const program = {
  /** Is a game server at this address. */
  serve: async (at: Endpoint) => {
    servers.push(await openGameServer(at));
  },
  /** The addresses that have sent something to its game servers. */
  sources: () => servers.flatMap(({ sources }) => [...sources]),
  /** Players, each of whom has a tunnel and a game of its own. Resolves when all of them play. */
  play: async (plan: PlayerPlan, count: number) => {
    while (players.length < count) {
      const more = Math.min(AT_ONCE, count - players.length);
      players.push(...(await Promise.all(Array.from({ length: more }, () => startPlayer(plan)))));
    }
    return players.map(({ start }) => start);
  },
  /** Moves the first path of all to this local address. Resolves when it is bound. */
  rebind: async (local: string) => {
    await Promise.all(players.map((player) => player.rebind(local)));
  },
  /** Resolves when all players know their ways well. */
  calm: async () => {
    await Promise.all(players.map((player) => player.calm()));
  },
  /** Has all players count from here. @returns what there was before, some time for the last answers included */
  mark: () => Promise.all(players.map((player) => player.mark())),
  /** Ends the games, waits for the last answers. The tunnels stay. */
  finish: () => Promise.all(players.map((player) => player.finish())),
  probe,
};

/** What the program on a machine does for a scenario. */
export type MachineProgram = typeof program;

answerParent(program, () => Promise.all(players.map((player) => player[Symbol.asyncDispose]())));
