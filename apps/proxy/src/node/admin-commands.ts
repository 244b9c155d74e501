import { VERSION } from '../base/version.ts';
import type { AccountBans } from '../control/account-bans.ts';
import type { AdminCommands } from '../state/admin-socket.ts';

/** How a node is, as it says by way of its state folder. */
export interface NodeStatus {
  /** Another one for each start of a program, also where the process id stays the same. */
  readonly run: string;
  readonly version: string;
  readonly state: 'starting' | 'serving' | 'draining' | 'restarting';
  readonly sessions: number;
}

/** What the commands need of a node that serves. */
export interface AdministeredNode {
  readonly isDraining: boolean;
  readonly sessions: number;
  /** Undefined if nobody registers. */
  readonly bans: AccountBans | undefined;
}

/** What a node can be asked by way of its state folder, and who waits for it. */
export class Administration {
  /** Undefined until the node serves. */
  node: AdministeredNode | undefined;
  readonly #prepareRestart: (() => Promise<void>) | undefined;
  readonly #drain = Promise.withResolvers<undefined>();
  readonly #restart = Promise.withResolvers<undefined>();
  #restarts = false;

  /** @param prepareRestart checks that the program can be started again; undefined where nobody would do that. */
  constructor(prepareRestart: (() => Promise<void>) | undefined) {
    this.#prepareRestart = prepareRestart;
  }

  /** Resolves when somebody asks the node to drain. */
  get drainAsked(): Promise<void> {
    return this.#drain.promise;
  }

  /** Resolves when somebody asks the node to restart, and nothing is against it. */
  get restartAsked(): Promise<void> {
    return this.#restart.promise;
  }

  readonly commands: AdminCommands = {
    drain: () => {
      this.#drain.resolve(undefined);
      return 'draining';
    },
    restart: async () => {
      if (this.#prepareRestart === undefined) throw new Error('it is part of another program, which has to start it again');
      this.#requireServing();
      await this.#prepareRestart();
      this.#requireServing();
      this.#restarts = true;
      this.#restart.resolve(undefined);
      return JSON.stringify(this.#status());
    },
    'bans-list': () => JSON.stringify(this.#bans.list(Date.now())),
    'bans-remove': async ([account]) => {
      if (!this.#bans.remove(account)) throw new Error(`it has no ban of ${account}: \`bans list\` shows those it has`);
      await this.#bans.saved();
      return 'removed';
    },
    status: () => JSON.stringify(this.#status()),
  };

  get #bans(): AccountBans {
    const bans = this.node?.bans;
    if (bans === undefined) throw new Error('it is starting, or registers nobody');
    return bans;
  }

  #requireServing(): void {
    const { state } = this.#status();
    if (state !== 'serving') throw new Error(`it is ${state} already`);
  }

  #status(): NodeStatus {
    return { run: `${process.pid} ${performance.timeOrigin}`, version: VERSION, state: this.#state(), sessions: this.node?.sessions ?? 0 };
  }

  #state(): NodeStatus['state'] {
    if (this.node === undefined) return 'starting';
    if (this.#restarts) return 'restarting';
    return this.node.isDraining ? 'draining' : 'serving';
  }
}
