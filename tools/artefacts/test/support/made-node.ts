import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForeignProcess } from '@lightspeed/lab';
import type { MadePrograms } from './made-programs.ts';
import { run } from './run.ts';

/** Emulated processors are slow. */
const START_MS = 90_000;

/** What a node says of itself when it serves. */
interface Serving {
  readonly engine: string;
  readonly quic: string;
  /** Where it has its data plane, and its control plane unless it is open. */
  readonly data: string;
  readonly control: string;
  readonly pin: string;
  /** Where it tells its metrics, if an option says that it does. */
  readonly http: string;
}

/** A node that was made, on 127.0.0.1. It relays to game servers there, and nowhere else. */
export class MadeNode implements AsyncDisposable {
  readonly said: Serving;
  readonly #process: ForeignProcess;

  private constructor(node: ForeignProcess, said: Serving) {
    this.#process = node;
    this.said = said;
  }

  /**
   * Resolves when it serves.
   * @param stateFolder where it keeps its key
   * @param options of `lightspeed-proxy serve`: who is admitted, and what else differs
   */
  static async start(programs: MadePrograms, stateFolder: string, options: readonly string[]): Promise<MadeNode> {
    const node = startMade(programs, 'proxy', [
      ...['serve', '--data-bind', '127.0.0.1:0', '--http-bind', 'off', '--log-format', 'json'],
      ...['--state-dir', stateFolder, '--allow-destination', '127.0.0.0/8', ...options],
    ]);
    try {
      return new MadeNode(node, JSON.parse(await node.line(/"node serves"/, START_MS)) as Serving);
    } catch (error) {
      await node.kill();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** What lets a player in: the key that a node is to know, and the file of a ticket. */
export interface Admission {
  readonly issuerKey: string;
  readonly ticketFile: string;
}

/** Issues a ticket by the node's program. @param folder for the key and the ticket */
export async function issueTicket(programs: MadePrograms, folder: string): Promise<Admission> {
  const key = join(folder, 'issuer.pem');
  const keygen = await run(programs, 'proxy', ['ticket', 'keygen', '--out', key]);
  const ticket = await run(programs, 'proxy', ['ticket', 'issue', '--key', key, '--for', 'alice', '--expires', '1d']);
  const ticketFile = join(folder, 'alice.txt');
  writeFileSync(ticketFile, ticket.stdout);
  const [issuerKey = ''] = /lsi1_\S+/.exec(keygen.stdout) ?? [];
  return { issuerKey, ticketFile };
}

/** Starts a program that goes on. */
export function startMade({ env, ...programs }: MadePrograms, program: 'client' | 'proxy', args: readonly string[]): ForeignProcess {
  const [file = '', ...words] = programs[program];
  return new ForeignProcess(file, [...words, ...args], env);
}
