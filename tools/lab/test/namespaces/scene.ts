import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegisterSettings } from '@lightspeed/client';
import { startChild } from '../../src/child-program.ts';
import type { Remote } from '../../src/child-program.ts';
import type { PlayerPlan } from '../../src/game/player.ts';
import { Issuer } from '../../src/issuer.ts';
import { temporaryFolder } from '../../src/leftovers.ts';
import { NodeProgram } from '../../src/node-program.ts';
import { defineRun } from '../../src/runs.ts';
import type { Figures, Means, Run } from '../../src/runs.ts';
import type { MachineProgram } from './agent-main.ts';
import { openInternet } from './internet.ts';
import type { Attachment } from './internet.ts';
import type { Namespace } from './network.ts';

const GAME_PORT = 27_015;
/** The control plane's port of every node in a scene. */
export const CONTROL_PORT = 4_433;
/** The data plane's port of every node in a scene. */
export const DATA_PORT = 4_434;
const PING_MS = 1_000;
const ANSWER_MS = 90_000;

/** The lab's own program on a machine of its own: players, or a game server. */
export type Agent = Remote<MachineProgram>;

/** How a node of a scene differs from others. */
export interface SceneNodeOptions {
  readonly drainSecs?: number | undefined;
  /** More of its command line, which goes before what the scene says. */
  readonly flags?: readonly string[];
  /** Where it runs: by default on a machine of its own. */
  readonly host?: Attachment;
  /** Who is let in without a ticket: nobody when left out. */
  readonly admit?: 'anybody' | undefined;
  /** The file of its program: of this checkout's sources when left out. */
  readonly program?: string | undefined;
}

/** How games on a machine differ from one with a hundred datagrams a second. */
export interface GamesOptions {
  readonly players?: number;
  readonly datagramsPerSecond?: number;
}

/** A node's machine, with the program that is the node at the moment. */
export interface SceneNode {
  program: NodeProgram;
  readonly address: string;
}

/** An internet with a game server that echoes, and as many nodes and machines as a scenario wants. */
export type Scene = Awaited<ReturnType<typeof openScene>>;

/** All of it ends with `started`. */
export async function openScene(started: AsyncDisposableStack) {
  const internet = await openInternet(started);
  const issuer = new Issuer();
  const { in: machine, ip } = await internet.machine();
  const server = startAgent(started, machine);
  const gameServer = { ip, port: GAME_PORT };
  await server.serve(gameServer);

  /** A node with a state folder. Whatever is the node at the end is stopped. */
  const node = async (nodeId: string, { drainSecs, flags = [], host, program, admit }: SceneNodeOptions = {}): Promise<SceneNode> => {
    const { in: machine, address, ip } = host ?? (await internet.machine());
    const { path: stateDir } = started.use(await temporaryFolder());
    const planes = { data: { ip, port: DATA_PORT }, control: { ip, port: CONTROL_PORT } };
    const how = {
      allow: [gameServer],
      ...(admit === undefined ? { issuer } : { admit }),
      stateDir,
      nodeId,
      drainSecs,
      flags,
      within: machine.within,
      program,
    };
    const node = { program: await NodeProgram.start({ ...planes, ...how }), address };
    started.defer(() => node.program.kill());
    return node;
  };
  /** A ticket that every node of the scene lets in. @param rates its own, in place of a node's */
  const ticket = (rates?: Parameters<Issuer['ticket']>[0]) => issuer.ticket(rates);
  /** How players register with nodes. */
  const registration = (...nodes: readonly SceneNode[]): RegisterSettings => {
    return { nodes: nodes.map(({ program }) => program.settings), ticket: ticket(), pingMs: PING_MS };
  };
  /** How players register with a node at another address than that of its machine on the internet, or at a name. */
  const registrationAt = (host: string, { program }: SceneNode): RegisterSettings => {
    return { ...registration(), nodes: [{ ...program.settings, host }] };
  };
  /** @param hosts the addresses of names, in place of what `/etc/hosts` says */
  const agent = async (machine: Namespace, hosts: Readonly<Record<string, readonly string[]>> = {}): Promise<Agent> => {
    const lines = Object.entries(hosts).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`));
    if (lines.length === 0) return startAgent(started, machine);
    const { path } = started.use(await temporaryFolder());
    const file = join(path, 'hosts');
    await writeFile(file, lines.join(''));
    // In there it has mounts of its own.
    return startAgent(started, machine, ['sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file]);
  };
  /** Has a machine play on the game server, with keepalives that are often enough to notice what is lost. */
  const play = (agent: Agent, tunnel: PlayerPlan['tunnel'], { players = 1, datagramsPerSecond = 100 }: GamesOptions = {}) =>
    agent.play({ tunnel: { keepaliveMs: 250, ...tunnel }, gameServer, datagramsPerSecond }, players);
  /** The addresses from which the game server was sent something. */
  const sources = () => server.sources();
  return { internet, gameServer, node, ticket, registration, registrationAt, agent, play, sources };
}

/** What a scenario works with. */
export interface SceneMeans extends Means {
  readonly scene: Scene;
}

/** A run in network namespaces of its own. */
export function defineScenario(name: string, about: string, carryOut: (means: SceneMeans) => Promise<Figures>): Run {
  return defineRun(name, about, {}, async (means) => carryOut({ ...means, scene: await openScene(means.started) }));
}

function startAgent(started: AsyncDisposableStack, { within }: Namespace, mount: readonly string[] = []): Agent {
  const program = new URL('./agent-main.ts', import.meta.url);
  const how = { name: "a machine's program", within: [...within, ...mount], timeoutMs: ANSWER_MS };
  return started.use(startChild<MachineProgram>({ program, ...how }));
}
