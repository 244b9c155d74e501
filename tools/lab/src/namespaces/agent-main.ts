import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../child-program.ts';
import { openEcho } from '../echo.ts';
import { startPlayer } from '../game/player.ts';
import type { Player, PlayerPlan, PlayerReport } from '../game/player.ts';
import { probe } from './probe.ts';
import type { ProbePlan, ProbeReport } from './probe.ts';

/** Tunnels that start at the same time: each costs a thread. */
const AT_ONCE = 8;

/** What the program on a machine does for a scenario. */
export class MachineProgram {
  readonly #players: Player[] = [];
  readonly #sources: Record<string, number> = {};

  /** Sends every datagram back that comes to this address. */
  async echo(at: Endpoint): Promise<void> {
    await openEcho(at, (source) => (this.#sources[source] = (this.#sources[source] ?? 0) + 1));
  }

  /** Whom the echo has answered: how many datagrams of each address. */
  sources(): Readonly<Record<string, number>> {
    return this.#sources;
  }

  /** Players, each of whom has a tunnel and a game of its own. Resolves when all of them play. */
  async play(plan: PlayerPlan, players: number): Promise<readonly Player['start'][]> {
    while (this.#players.length < players) {
      const more = Math.min(AT_ONCE, players - this.#players.length);
      this.#players.push(...(await Promise.all(Array.from({ length: more }, () => startPlayer(plan)))));
    }
    return this.#players.map(({ start }) => start);
  }

  /** Moves the first path of all to this local address. Resolves when it is bound. */
  async rebind(local: string): Promise<void> {
    await Promise.all(this.#players.map((player) => player.rebind(local)));
  }

  /** Has all players count from here. @returns what there was before, some time for the last answers included */
  mark(): Promise<readonly PlayerReport[]> {
    return Promise.all(this.#players.map((player) => player.mark()));
  }

  /** Ends the games, waits for the last answers. The tunnels stay. */
  finish(): Promise<readonly PlayerReport[]> {
    return Promise.all(this.#players.map((player) => player.finish()));
  }

  /** Tries once to register and to play. */
  probe(plan: ProbePlan): Promise<ProbeReport> {
    return probe(plan);
  }

  /** Closes all tunnels: not for the parent, but when it is gone. */
  async leave(): Promise<void> {
    await Promise.all(this.#players.map((player) => player[Symbol.asyncDispose]()));
  }
}

const own = new MachineProgram();
answerParent(own, () => own.leave());
