import type { Endpoint } from '@lightspeed/wire';
import { ChildProgram } from '../child-program.ts';
import type { LoadQuestion, LoadTarget, OpenResult, SocketsPlan, WindowPlan } from './load-messages.ts';
import type { RegisteredSession } from './registrants.ts';
import type { WindowResult } from './window-run.ts';

/** The load generator in a process of its own: clients of relays, and the game servers that they play on. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProgram<LoadQuestion>;

  /** @param within what to put in front of its command line, such as `taskset -c 1`. */
  constructor(within: readonly string[] = []) {
    this.#child = new ChildProgram(new URL('./load-main.ts', import.meta.url), 'the load generator', within);
  }

  /** @returns the addresses of the game servers. */
  openSockets(plan: SocketsPlan): Promise<readonly Endpoint[]> {
    return this.#child.ask({ ask: 'open sockets', plan });
  }

  async takeSessions(name: string, registered: readonly RegisteredSession[]): Promise<void> {
    await this.#child.ask({ ask: 'take sessions', name, registered });
  }

  /** Has all clients of a target let in, again where that lasts only for a time, so many a second at most. */
  open(target: LoadTarget, perSecond = 1_000_000): Promise<OpenResult> {
    return this.#child.ask({ ask: 'let clients in', target, perSecond });
  }

  window(target: LoadTarget, plan: WindowPlan): Promise<WindowResult> {
    return this.#child.ask({ ask: 'run a window', target, plan });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }
}
