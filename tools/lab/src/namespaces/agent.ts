import type { Endpoint } from '@lightspeed/wire';
import { ChildProgram } from '../child-program.ts';
import type { AgentQuestion, EchoSources, PlayerReport, PlayerStart, PlayersPlan } from './agent-messages.ts';
import type { Namespace } from './namespace.ts';
import type { ProbePlan, ProbeReport } from './probe.ts';

const ANSWER_MS = 90_000;
const CLOSE_MS = 6_000;

/** The lab's own program on a machine of its own: players, or a game server. */
export class Agent {
  readonly #child: ChildProgram<AgentQuestion>;

  private constructor({ within }: Namespace, hosts: string | undefined) {
    // In there it has mounts of its own.
    const mount = hosts === undefined ? [] : ['sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
    this.#child = new ChildProgram(new URL('./agent-main.ts', import.meta.url), "a machine's program", [...within, ...mount], ANSWER_MS);
  }

  static start(machine: Namespace, hosts?: string): Agent {
    return new Agent(machine, hosts);
  }

  /** Sends back whatever comes to an address. */
  async echo(at: Endpoint): Promise<void> {
    await this.#child.ask({ ask: 'echo', at });
  }

  /** Whom the echo has answered, and how often. */
  sources(): Promise<EchoSources> {
    return this.#child.ask({ ask: 'sources' });
  }

  /** Resolves when all of them play. */
  play(plan: PlayersPlan): Promise<readonly PlayerStart[]> {
    return this.#child.ask({ ask: 'play', plan });
  }

  /** Has all players send from another address of their machine from now on. */
  async rebind(local: string): Promise<void> {
    await this.#child.ask({ ask: 'rebind', local });
  }

  /** Has all players count from here. @returns what there was before, some time for the last answers included */
  mark(): Promise<readonly PlayerReport[]> {
    return this.#child.ask({ ask: 'mark' });
  }

  /** Ends the games, waits for the last answers. The tunnels stay. */
  finish(): Promise<readonly PlayerReport[]> {
    return this.#child.ask({ ask: 'finish' });
  }

  /** Has it register at a node and play, once. */
  probe(plan: ProbePlan): Promise<ProbeReport> {
    return this.#child.ask({ ask: 'probe', plan });
  }

  /** Asks it to end, and sees to it that it does. */
  async stop(): Promise<void> {
    await this.#child.stop(CLOSE_MS);
  }
}
