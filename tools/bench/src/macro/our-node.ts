import { setTimeout } from 'node:timers/promises';
import { Issuer, LOOPBACK, NodeProgram, Registrants } from '@lightspeed/lab';
import type { RegisteredSession } from '@lightspeed/lab';
import { formatPin } from '@lightspeed/control/quic';
import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { measureControlCost } from './control-cost.ts';
import type { ControlCostPlan } from './control-cost.ts';
import { cpuNs } from './process-cpu.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** Limits that are looked at for every packet and that one client alone does not reach with all of the load. */
const RATE_LIMIT = { packetsPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 };
/** Longer than any run: sessions go on without their control connections, and while the highest rate is looked for. */
const LIFETIME = { graceSecs: 3_600, sessionTimeoutSecs: 3_600 };
/** Longer than the idle timeout of a control connection. */
const GONE_MS = 40_000;
const LOOK_EVERY_MS = 100;
/** Registrations under way at a time. */
const AT_ONCE = 16;
const CLIENTS_PER_SAYING = 100;

export interface OurNodeOptions {
  /** As tables name it. */
  readonly name: string;
  readonly io: 'batch' | 'portable';
  readonly workers: number;
  readonly gameServer: Endpoint;
  /** Exactly so many register. */
  readonly clients: number;
  readonly within: readonly string[];
}

/**
 * `lightspeed-proxy serve` as operators run it, with clients that have registered over QUIC with tickets. Their control
 * connections are closed before load comes, since clients are on other machines in real use and would take the load
 * generator's time here; what they cost the node is measured while they are there, and added to the cost of its packets.
 */
export class OurNode {
  readonly #name: string;
  readonly #program: NodeProgram;
  readonly #registrants: Registrants;
  readonly #folder: TemporaryFolder;
  readonly #command: string;

  private constructor({ name, io, workers }: OurNodeOptions, program: NodeProgram, registrants: Registrants, folder: TemporaryFolder) {
    this.#name = name;
    this.#command = `lightspeed-proxy serve --io ${io} --workers ${workers} --config ... --issuer-key ... --allow-destination ...`;
    this.#program = program;
    this.#registrants = registrants;
    this.#folder = folder;
  }

  /** Resolves when all clients are registered and the load generator has their sessions. */
  static async start(options: OurNodeOptions, load: LoadProcess, progress: (text: string) => void): Promise<OurNode> {
    const { name, io, workers, gameServer, clients, within } = options;
    const folder = await TemporaryFolder.open();
    const issuer = new Issuer();
    const anyPort = { ip: LOOPBACK, port: 0 };
    const program = await NodeProgram.start({
      ...{ data: anyPort, control: anyPort, egressIp: LOOPBACK },
      ...{ allow: [gameServer], issuer, stateDir: folder.path, rateLimit: RATE_LIMIT, ...LIFETIME, within },
      flags: ['--io', io, '--workers', String(workers)],
    });
    const node = new OurNode(options, program, new Registrants(), folder);
    try {
      await load.tellSessions(name, await node.#register(clients, issuer.ticket(), progress));
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** CPU time per second of its clients' control connections, measured for so long; they are closed then. */
  async measureControlNsPerSecond(plan: ControlCostPlan): Promise<number> {
    const process = { cpuNs: () => cpuNs([this.#program.pid]), hangUp: () => this.hangUp() };
    return measureControlCost(process, plan, { nowMs: () => performance.now(), wait: (ms) => setTimeout(ms) });
  }

  /** Closes the control connections and waits until the node knows: it would go on asking for who is gone. Sessions go on. */
  async hangUp(): Promise<void> {
    await this.#registrants.hangUp();
    const untilMs = performance.now() + GONE_MS;
    for (;;) {
      const connections = await this.#program.metric('lightspeed_control_connections');
      if (connections === 0) break;
      if (performance.now() > untilMs) {
        throw new BenchError('ERR_BENCH_RELAY', `${this.#name} still has ${connections} control connections, all of which are closed`);
      }
      await setTimeout(LOOK_EVERY_MS);
    }
    await this.#registrants.stop();
  }

  /**
   * The node as clients see it that send packets of version 1, or of version 2 with FEC groups of so many.
   * @param controlNsPerSecond what its clients' control connections cost
   */
  spokenTo(name: string, groupSize: number, controlNsPerSecond: number): RelayUnderTest {
    return {
      name,
      command: this.#command,
      target: { name, framing: { kind: 'lstp', groupSize, registrations: this.#name }, address: this.#program.data },
      pids: [this.#program.pid],
      shares: 1,
      controlNsPerSecond,
      logTail: () => this.#program.lines.slice(-10).join('\n'),
      stop: () => this.stop(),
    };
  }

  async stop(): Promise<void> {
    await this.#registrants.stop();
    await this.#program.stop();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #register(clients: number, ticket: Uint8Array, progress: (text: string) => void): Promise<RegisteredSession[]> {
    const all: RegisteredSession[] = [];
    const plan = { control: this.#program.control, pin: formatPin(this.#program.pin), ticket, atOnce: AT_ONCE };
    while (all.length < clients) {
      progress(`${this.#name}: ${all.length} of ${clients} clients are registered`);
      const { sessions, failures } = await this.#registrants.register({
        ...plan,
        clients: Math.min(CLIENTS_PER_SAYING, clients - all.length),
      });
      if (failures.length > 0) {
        throw new BenchError('ERR_BENCH_RELAY', `${this.#name} does not register all clients: ${failures.join('; ')}`);
      }
      all.push(...sessions);
    }
    return all;
  }
}
