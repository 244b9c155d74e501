import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Issuer, LOOPBACK, NodeProgram, Registrants } from '@lightspeed/lab';
import type { RegisteredSession } from '@lightspeed/lab';
import { formatPin } from '@lightspeed/control/quic';
import type { Endpoint } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { RelayUnderTest } from './relay-under-test.ts';

/** Limits that are looked at for every packet and that one client alone does not reach with all of the load. */
const RATE_LIMIT = { packetsPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 };
/** Registrations under way at a time. */
const AT_ONCE = 16;
const CLIENTS_PER_SAYING = 100;

export interface OurNodeOptions {
  /** As tables name it. */
  readonly name: string;
  readonly io: 'batch' | 'portable';
  readonly workers: number;
  readonly gameServer: Endpoint;
  readonly clients: number;
  readonly within: readonly string[];
}

/** `lightspeed-proxy serve` as operators run it, with clients that have registered over QUIC with tickets. */
export class OurNode {
  readonly #name: string;
  readonly #program: NodeProgram;
  readonly #registrants: Registrants;
  readonly #folder: string;

  private constructor(name: string, program: NodeProgram, registrants: Registrants, folder: string) {
    this.#name = name;
    this.#program = program;
    this.#registrants = registrants;
    this.#folder = folder;
  }

  /** Resolves when all clients are registered and the load generator has their sessions. */
  static async start(options: OurNodeOptions, load: LoadProcess, progress: (text: string) => void): Promise<OurNode> {
    const { name, io, workers, gameServer, clients, within } = options;
    const folder = await mkdtemp(join(tmpdir(), 'lightspeed-bench-'));
    const issuer = new Issuer();
    const anyPort = { ip: LOOPBACK, port: 0 };
    const program = await NodeProgram.start({
      ...{ data: anyPort, control: anyPort, egressIp: LOOPBACK },
      ...{ allow: [gameServer], issuer, stateDir: folder, rateLimit: RATE_LIMIT, within },
      flags: ['--io', io, '--workers', String(workers)],
    });
    const node = new OurNode(name, program, new Registrants(), folder);
    try {
      await load.tellSessions(name, await node.#register(clients, issuer.ticket(), progress));
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** The node as clients see it that send packets of version 1, or of version 2 with FEC groups of so many. */
  spokenTo(name: string, groupSize: number): RelayUnderTest {
    return {
      name,
      target: { name, framing: { kind: 'lstp', groupSize, registrations: this.#name }, address: this.#program.data },
      pids: [this.#program.pid],
      shares: 1,
      logTail: () => this.#program.lines.slice(-10).join('\n'),
      stop: () => this.stop(),
    };
  }

  async stop(): Promise<void> {
    await this.#registrants.stop();
    await this.#program.stop();
    await rm(this.#folder, { recursive: true, force: true });
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
