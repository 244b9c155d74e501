import { parsePin } from '@lightspeed/control/quic';
import { answerParent } from '../child-program.ts';
import { openGameServer } from './game-server.ts';
import type { GameServer } from './game-server.ts';
import { startPlayer, totals } from './player.ts';
import type { Player } from './player.ts';

/** Who plays on which node, and how fast. */
export interface PlayersPlan {
  /** The address and the port of the node's control plane. */
  readonly host: string;
  readonly port: number;
  /** The node's pin. */
  readonly pin: string;
  readonly ticket: Uint8Array;
  readonly players: number;
  readonly datagramsPerSecond: number;
}

/** What the process of the players does: real clients, and the game server on which all of them play. */
export class Players {
  #server: GameServer | undefined;
  readonly #players: Player[] = [];

  /** Resolves when all play. Rejects if the node lets one of them not in. */
  async join({ host, port, pin, ticket, players, datagramsPerSecond }: PlayersPlan): Promise<void> {
    const server = (this.#server ??= await openGameServer());
    const register = { nodes: [{ host, port, verify: { kind: 'pin', sha256: parsePin(pin) } as const }], ticket };
    for (let player = 0; player < players; player++) {
      this.#players.push(await startPlayer({ tunnel: { register }, gameServer: server.address, datagramsPerSecond }));
    }
  }

  /** Counts anew from here. @returns what there was since the last time, over all players */
  async mark() {
    const reports = await Promise.all(this.#players.map((player) => player.mark()));
    const moved = this.#server?.counts.moved ?? 0;
    if (this.#server !== undefined) this.#server.counts.moved = 0;
    return {
      ...totals(reports),
      /** How often the game server saw a player at another address or port than before. */
      moved,
      /** Players whose game got an answer since. */
      playing: reports.filter(({ game }) => game.answered > 0).length,
      /** How often a node has ended a session. */
      ended: reports.flatMap(({ events }) => events).filter((event) => event.endsWith('ended by the node')).length,
    };
  }
}

answerParent(new Players());
