import { setTimeout } from 'node:timers/promises';
import { Issuer, LOOPBACK, NodeProgram, Registrants, TemporaryFolder } from '@lightspeed/lab';
import type { LoadProcess } from '@lightspeed/lab';
import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import type { Relay } from './relay.ts';

/** Limits that are looked at for every packet and that one client alone does not reach with all of the load. */
const RATE_LIMIT = { packetsPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 };
/** Longer than any run: sessions may go on without their control connections. */
const LIFETIME = { graceSecs: 3_600, sessionTimeoutSecs: 3_600 };
/** Registrations under way at a time. */
const AT_ONCE = 16;
/** Longer than the idle timeout of a control connection. */
const GONE_MS = 40_000;
const LOOK_EVERY_MS = 50;

/** How a node of ours is started as an entrant. */
export interface OurNodeOptions {
  /** As tables name it. */
  readonly name: string;
  readonly io: 'batch' | 'portable';
  readonly gameServer: Endpoint;
  /** Exactly so many register. */
  readonly clients: number;
  readonly within: readonly string[];
  /** The file of its program, if it is not this checkout's. */
  readonly program?: string;
  /** To what its sockets are bound, if not to 127.0.0.1: all of them, then. */
  readonly dataBind?: string;
}

/** `lightspeed-proxy serve` as operators run it, with clients that have registered over QUIC with tickets. */
export class OurNode implements AsyncDisposable {
  readonly #name: string;
  readonly #program: NodeProgram;
  readonly #registrants: Registrants;
  readonly #undo: AsyncDisposableStack;

  private constructor(name: string, program: NodeProgram, registrants: Registrants, undo: AsyncDisposableStack) {
    this.#name = name;
    this.#program = program;
    this.#registrants = registrants;
    this.#undo = undo;
  }

  /** Resolves when all clients are registered and the load generator has their sessions. */
  static async start(options: OurNodeOptions, load: LoadProcess): Promise<OurNode> {
    const { name, io, gameServer, clients, within, program: file, dataBind } = options;
    await using undo = new AsyncDisposableStack();
    const folder = undo.use(await TemporaryFolder.open());
    const issuer = new Issuer();
    const program = await NodeProgram.start({
      ...{ allow: [gameServer], issuer, stateDir: folder.path, rateLimit: RATE_LIMIT, ...LIFETIME, within },
      ...(file === undefined ? {} : { program: file }),
      ...(dataBind === undefined ? { egressIp: LOOPBACK } : { dataBind }),
      flags: ['--io', io, '--workers', '1'],
    });
    undo.use(program);
    const registrants = undo.adopt(new Registrants(), (process) => process.stop());
    const plan = { control: program.control, pin: program.pinText, ticket: issuer.ticket(), atOnce: AT_ONCE, clients };
    const { sessions, failures } = await registrants.register(plan);
    if (failures.length > 0) throw new BenchError('ERR_BENCH_RELAY', `${name} does not register all clients: ${failures.join('; ')}`);
    await load.takeSessions(name, sessions);
    return new OurNode(name, program, registrants, undo.move());
  }

  /** Closes the control connections and waits until the node knows. Sessions go on. */
  async hangUp(): Promise<void> {
    await this.#registrants.hangUp();
    const untilMs = performance.now() + GONE_MS;
    while ((await this.#program.metric('lightspeed_control_connections')) > 0) {
      if (performance.now() > untilMs) throw new BenchError('ERR_BENCH_RELAY', `${this.#name} keeps control connections that are closed`);
      await setTimeout(LOOK_EVERY_MS);
    }
    await this.#registrants.stop();
  }

  /** The node as clients see it that send packets of version 1 (0), or of version 2 with FEC groups of so many. */
  spokenTo(name: string, groupSize: number): Relay {
    const framing = { kind: 'lstp', groupSize, registrations: this.#name } as const;
    return { name, target: { framing, address: this.#program.data }, pids: [this.#program.pid], lines: this.#program.lines };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}
