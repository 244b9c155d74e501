import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from '../errors.ts';
import { findProgram } from '../find-program.ts';
import { freeLoopbackEndpoint } from '../loopback-socket.ts';
import { ForeignProcess } from '../foreign-process.ts';

const START_MS = 10_000;
const STATUS_MS = 5_000;
const CONSOLE_PASSWORD = 'lab';

/** Where Teeworlds' programs are. */
export interface TeeworldsPrograms {
  readonly server: string;
  readonly client: string;
  /** Gives a program a display that nobody sees. */
  readonly xvfbRun: string;
}

/** @returns the programs, or why the game cannot run here. */
export function findTeeworlds(): TeeworldsPrograms | string {
  const server = findProgram('teeworlds-server');
  const client = findProgram('teeworlds');
  const xvfbRun = findProgram('xvfb-run');
  if (server === undefined) return 'teeworlds-server is not installed';
  if (client === undefined) return 'teeworlds is not installed';
  if (xvfbRun === undefined) return 'xvfb-run is not installed';
  return { server, client, xvfbRun };
}

/** Debian's teeworlds-server on an ephemeral port of loopback, with its console for external administration. */
export class TeeworldsServer implements AsyncDisposable {
  readonly address: Endpoint;
  readonly #process: ForeignProcess;
  readonly #consolePort: number;

  private constructor(address: Endpoint, server: ForeignProcess, consolePort: number) {
    this.address = address;
    this.#process = server;
    this.#consolePort = consolePort;
  }

  /** @param folder the server's home, in which it may leave what it likes */
  static async start(program: string, folder: string): Promise<TeeworldsServer> {
    const address = await freeLoopbackEndpoint();
    const consolePort = await freeTcpPort();
    const settings = [
      `sv_port ${address.port}`,
      'bindaddr 127.0.0.1',
      'sv_register 0',
      'ec_bindaddr 127.0.0.1',
      `ec_port ${consolePort}`,
      `ec_password ${CONSOLE_PASSWORD}`,
    ];
    const server = new ForeignProcess(program, [settings.join('; ')], { ...process.env, HOME: folder }, folder);
    try {
      await server.line(/\[server\]: version /, START_MS);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return new TeeworldsServer(address, server, consolePort);
  }

  /** Waits for the line of its log in which a player has entered the game. */
  playerEntered(timeoutMs: number): Promise<string> {
    return this.#process.line(/\[server\]: player has entered the game\. /, timeoutMs);
  }

  /** The lines of its log that say that somebody left, was dropped or timed out. */
  departures(): readonly string[] {
    return this.#process.lines.filter((line) => /\[server\]: client dropped|\[game\]: leave player/.test(line));
  }

  /** The lines of its console's `status`: one for each player who is there. */
  async players(): Promise<readonly string[]> {
    const socket = connect(this.#consolePort, '127.0.0.1');
    socket.setTimeout(STATUS_MS, () => {
      socket.destroy(new LabError('ERR_LAB_TIMEOUT', `the server's console did not answer in ${STATUS_MS} ms`));
    });
    try {
      await once(socket, 'connect');
      // `echo` marks the end of what `status` prints.
      socket.write(`${CONSOLE_PASSWORD}\nstatus\necho end-of-status\n`);
      const players: string[] = [];
      for await (const line of createInterface(socket)) {
        if (line.includes('[server]: id=')) players.push(line.trim());
        if (/\[Console\]: end-of-status/i.test(line)) return players;
      }
      throw new LabError('ERR_LAB_PROCESS', "the server's console hung up");
    } finally {
      socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const closed = once(server, 'close');
  server.close();
  await closed;
  if (address === null || typeof address === 'string') throw new LabError('ERR_LAB_PROCESS', 'no TCP port to be had');
  return address.port;
}
