import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegisterSettings } from '@lightspeed/client';
import type { Endpoint } from '@lightspeed/wire';
import { Issuer } from '../issuer.ts';
import { NodeProgram } from '../node-program.ts';
import { TemporaryFolder } from '../temporary-folder.ts';
import { Agent } from './agent.ts';
import { Internet } from './internet.ts';
import type { Namespace } from './namespace.ts';
import { Network } from './network.ts';

const GAME_PORT = 27_015;
/** The control plane's port of every node in a scene. */
export const CONTROL_PORT = 4_433;
/** The data plane's port of every node in a scene. */
export const DATA_PORT = 4_434;
const PING_MS = 1_000;

/** How a node of a scene differs from others. */
export interface SceneNodeOptions {
  readonly drainSecs?: number | undefined;
  /** More of its command line, which goes before what the scene says. */
  readonly flags?: readonly string[];
  /** Where it runs: by default on a machine of its own. */
  readonly host?: Awaited<ReturnType<Internet['machine']>>;
}

/** An internet with a game server that echoes, and as many nodes and machines as a scenario wants. */
export class Scene implements AsyncDisposable {
  readonly network: Network;
  readonly internet: Internet;
  readonly gameServer: Endpoint;
  readonly #issuer = new Issuer();
  readonly #server: Agent;
  readonly #started: AsyncDisposableStack;

  private constructor(started: AsyncDisposableStack, network: Network, internet: Internet, gameServer: Endpoint, server: Agent) {
    this.network = network;
    this.internet = internet;
    this.gameServer = gameServer;
    this.#server = server;
    this.#started = started;
  }

  static async open(): Promise<Scene> {
    await using started = new AsyncDisposableStack();
    const network = started.use(await Network.open());
    const internet = await Internet.open(network);
    const machine = await internet.machine();
    const server = Agent.start(machine.in);
    started.defer(() => server.stop());
    const gameServer = { ip: machine.ip, port: GAME_PORT };
    await server.echo(gameServer);
    return new Scene(started.move(), network, internet, gameServer, server);
  }

  /** A node on a machine of its own, with a state folder. Whatever is the node at the end is stopped. */
  async node(nodeId: string, { drainSecs, flags = [], host }: SceneNodeOptions = {}): Promise<SceneNode> {
    const { in: machine, address, ip } = host ?? (await this.internet.machine());
    const { path: stateDir } = this.#started.use(await TemporaryFolder.open());
    const program = await NodeProgram.start({
      data: { ip, port: DATA_PORT },
      control: { ip, port: CONTROL_PORT },
      allow: [this.gameServer],
      issuer: this.#issuer,
      stateDir,
      nodeId,
      drainSecs,
      flags,
      within: machine.within,
    });
    const node = new SceneNode(program, address);
    this.#started.defer(() => node.program.stop());
    return node;
  }

  /** How players register with nodes. */
  registration(...nodes: readonly SceneNode[]): RegisterSettings {
    return { nodes: nodes.map(({ program }) => program.settings), ticket: this.ticket(), pingMs: PING_MS };
  }

  /** How players register with a node at another address than that of its machine on the internet, or at a name. */
  registrationAt(host: string, { program: { pin, control } }: SceneNode): RegisterSettings {
    return { nodes: [{ host, port: control.port, verify: { kind: 'pin', sha256: pin } }], ticket: this.ticket(), pingMs: PING_MS };
  }

  /** One that every node of the scene lets in. */
  ticket(): Uint8Array {
    return this.#issuer.ticket();
  }

  /** @param hosts the file that it has in place of `/etc/hosts` */
  agent(machine: Namespace, hosts?: string): Agent {
    const agent = Agent.start(machine, hosts);
    this.#started.defer(() => agent.stop());
    return agent;
  }

  /** Writes a file for {@link agent} by which `name` has these addresses. @returns the file */
  async hosts(name: string, addresses: readonly string[]): Promise<string> {
    const { path } = this.#started.use(await TemporaryFolder.open());
    const file = join(path, 'hosts');
    await writeFile(file, addresses.map((address) => `${address} ${name}\n`).join(''));
    return file;
  }

  /** The addresses from which the game server was sent something. */
  async sources(): Promise<readonly string[]> {
    return Object.keys(await this.#server.sources());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}

/** A node's machine, with the program that is the node at the moment. */
export class SceneNode {
  program: NodeProgram;
  readonly address: string;

  constructor(program: NodeProgram, address: string) {
    this.program = program;
    this.address = address;
  }

  async startAgain(): Promise<void> {
    this.program = await this.program.again();
  }
}
