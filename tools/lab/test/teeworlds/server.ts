import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from '../../src/errors.ts';
import { findProgram } from '../../src/find-program.ts';
import { freeLoopbackEndpoint } from '../../src/loopback-socket.ts';
import { ForeignProcess } from '../../src/foreign-process.ts';

const START_MS = 10_000;
const STATUS_MS = 5_000;
const CONSOLE_PASSWORD = 'lab';
const PROGRAMS = ['teeworlds-server', 'teeworlds', 'xvfb-run'];

/** Where Teeworlds' programs are. */
export interface TeeworldsPrograms {
  readonly server: string;
  readonly client: string;
  /** Gives a program a display that nobody sees. */
  readonly xvfbRun: string;
}

/** @returns the programs, or why the game cannot run here. */
export function findTeeworlds(): TeeworldsPrograms | string {
  const [server, client, xvfbRun] = PROGRAMS.map(findProgram);
  if (server !== undefined && client !== undefined && xvfbRun !== undefined) return { server, client, xvfbRun };
  return `${PROGRAMS.find((name) => findProgram(name) === undefined)} is not installed`;
}

/** Where a server is that is not at loopback. */
export interface TeeworldsPlace {
  readonly address: Endpoint;
  /** What to put in front of the program, such as `ip netns exec NAME`. */
  readonly within: readonly string[];
}

/** Debian's teeworlds-server, by default on an ephemeral port of loopback, with its console for external administration. */
export class TeeworldsServer extends ForeignProcess {
  readonly address: Endpoint;
  readonly #consolePort: number;

  private constructor(program: string, folder: string, { address, within }: TeeworldsPlace, consolePort: number) {
    const settings = [`bindaddr ${formatIpv4(address.ip)}`, 'sv_register 0', 'ec_bindaddr 127.0.0.1', `ec_password ${CONSOLE_PASSWORD}`];
    const ports = [`sv_port ${address.port}`, `ec_port ${consolePort}`];
    const [first, ...rest] = [...within, program, [...settings, ...ports].join('; ')];
    super(first, rest, { ...process.env, HOME: folder }, folder);
    this.address = address;
    this.#consolePort = consolePort;
  }

  /** Ends with `started`. @param folder the server's home, in which it may leave what it likes */
  static async start(started: AsyncDisposableStack, program: string, folder: string, place?: TeeworldsPlace): Promise<TeeworldsServer> {
    const where = place ?? { address: await freeLoopbackEndpoint(), within: [] };
    const server = started.use(new TeeworldsServer(program, folder, where, await freeTcpPort()));
    await server.line(/\[server\]: version /, START_MS);
    return server;
  }

  /** Waits for the line of its log in which a player has entered the game. */
  playerEntered(timeoutMs: number): Promise<string> {
    return this.line(/\[server\]: player has entered the game\. /, timeoutMs);
  }

  /** The lines of its log that say that somebody left, was dropped or timed out. */
  departures(): readonly string[] {
    return this.lines.filter((line) => /\[server\]: client dropped|\[game\]: leave player/.test(line));
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
