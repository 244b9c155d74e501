import { VERSION } from '../base/version.ts';
import type { Reload } from '../config/reloadable.ts';
import type { AccountBans } from '../control/account-bans.ts';
import type { AdminCommands } from '../state/admin-socket.ts';

/** How a node is, as it says by way of its state folder. */
export interface NodeStatus {
  /** Another one for each start of a program, also where the process id stays the same. */
  readonly run: string;
  readonly version: string;
  readonly state: 'starting' | 'serving' | 'draining' | 'restarting';
  readonly sessions: number;
  /** Undefined until it serves, and of versions before this one. */
  readonly serving?: ServingStatus;
}

/** What players need to know of a node that registers them. */
export interface ServingStatus {
  /** Where they register, and where their packets go. Host `0.0.0.0` is every IPv4 address, `::` every address. */
  readonly control: string;
  readonly data: string;
  readonly pin: string;
  /** Whether the certificate is one that the operator gave, which may come from an authority. */
  readonly hasGivenCertificate: boolean;
  readonly registration: 'anyone' | 'tickets' | 'nobody';
  /** Public keys whose tickets count, lsi1_... */
  readonly issuers: readonly string[];
}

/** What reading the configuration again has changed, and which keys count only after a restart. */
export type Reloaded = Pick<Reload, 'changed' | 'later'>;

/** The program that a node is, as far as it can be asked to change. */
export interface NodeProgram {
  /** Whether other files are in the place of those with which it was started. */
  isReplaced(): boolean;
  /** Resolves if what is on disk now can be started; throws what is wrong. */
  check(): Promise<void>;
  /** Reads the configuration again; throws why it cannot be used. */
  reload(): Promise<Reloaded>;
}

/** What the commands need of a node that serves. */
export interface AdministeredNode {
  readonly isDraining: boolean;
  readonly sessions: number;
  /** Undefined without a control plane. */
  readonly serving: ServingStatus | undefined;
  /** Undefined if nobody registers. */
  readonly bans: AccountBans | undefined;
}

/** What a node can be asked by way of its state folder, and who waits for it. */
export class Administration {
  /** Undefined until the node serves. */
  node: AdministeredNode | undefined;
  readonly #program: NodeProgram | undefined;
  readonly #drain = Promise.withResolvers<undefined>();
  readonly #restart = Promise.withResolvers<undefined>();
  #restarts = false;

  /** @param program what to restart and reload; undefined where nobody would do that. */
  constructor(program: NodeProgram | undefined) {
    this.#program = program;
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
    restart: () => this.#askRestart(this.#ownProgram),
    reload: async () => {
      const program = this.#ownProgram;
      if (program.isReplaced()) return this.#askRestart(program);
      this.#requireServing();
      return JSON.stringify(await program.reload());
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

  get #ownProgram(): NodeProgram {
    if (this.#program === undefined) throw new Error('it is part of another program, which has to start it again');
    return this.#program;
  }

  async #askRestart(program: NodeProgram): Promise<string> {
    this.#requireServing();
    await program.check();
    this.#requireServing();
    this.#restarts = true;
    this.#restart.resolve(undefined);
    return JSON.stringify(this.#status());
  }

  #requireServing(): void {
    const { state } = this.#status();
    if (state !== 'serving') throw new Error(`it is ${state} already`);
  }

  #status(): NodeStatus {
    const { sessions = 0, serving } = this.node ?? {};
    return { run: `${process.pid} ${performance.timeOrigin}`, version: VERSION, state: this.#state(), sessions, serving };
  }

  #state(): NodeStatus['state'] {
    if (this.node === undefined) return 'starting';
    if (this.#restarts) return 'restarting';
    return this.node.isDraining ? 'draining' : 'serving';
  }
}
