import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel } from '@lightspeed/client';
import type { Impairments } from '@lightspeed/netem';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { Issuer } from '../issuer.ts';
import { LossyLink } from '../lossy-link.ts';
import type { LossyLinkStats } from '../lossy-link.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { NodeProgram } from '../node-program.ts';
import { ForeignProcess } from '../foreign-process.ts';
import { TemporaryFolder } from '../temporary-folder.ts';
import type { TeeworldsPrograms } from './programs.ts';
import { TeeworldsServer } from './server.ts';
import type { Stage, Trial } from './trials.ts';

/** An address that nobody else in the run has: whoever the server sees there came through the node. */
export const EGRESS_IP = 0x7f00_0002;
/** Where the node seems to be: an emulated link leads from there to where it is. */
const FRONT_IP = 0x7f00_0003;
/** Where the client's second path comes from; the first one's is 127.0.0.1. */
const SECOND_PATH_IP = 0x7f00_0004;

const ESTABLISH_MS = 10_000;
const ENTER_MS = 60_000;
const KEEPALIVE_MS = 500;
const PING_MS = 1_000;
const TRAFFIC_WINDOW_MS = 1_000;

/** How bad the link is, and how the game is carried over it. */
export interface TeeworldsOptions {
  readonly programs: TeeworldsPrograms;
  /** Of packets on the tunnel's link, each way, from 0 to 1. */
  readonly loss: number;
  readonly fecGroupSize: number;
  readonly seed: number;
  /** Whether the tunnel goes by IPv6: to an open node, since loopback has one address of IPv6 only, and no trials then. */
  readonly ipv6?: boolean;
  /** How long the player stays in the game: after each trial, and in any case. */
  readonly staySeconds: number;
  /** What befalls the player, in this order. The client then has two paths to the node. */
  readonly trials: readonly Trial[];
  /** Told what happens, in one line each. */
  readonly log: (line: string) => void;
}

/** What the server's log and the player's stays say. */
export interface TeeworldsResult {
  /** The line of the server's log in which the player entered the game. */
  readonly entered: string;
  /** How it was at the end of each stay: one entry for each trial, and just one if there are none. */
  readonly stays: readonly Stay[];
  /** Lines of the server's log in which somebody left. */
  readonly departures: readonly string[];
  readonly link: LossyLinkStats;
  readonly recoveredToServer: number;
  readonly recoveredToPlayer: number;
  readonly tunnelRttMs: number | undefined;
}

interface Stay {
  /** The trial that went before it. */
  readonly after: string;
  /** What the server's console said of the players who were there at its end. */
  readonly players: readonly string[];
  /** Datagrams of the server that reached the player's program in the last second, and that the program sent then. */
  readonly lastSecondToPlayer: number;
  readonly lastSecondFromPlayer: number;
}

/**
 * Has Debian's Teeworlds play on Debian's Teeworlds server through a tunnel over a link that loses packets. The client
 * registers with the node, which lets in nobody else.
 * Rejects if the player does not get into the game; what came of it then is for the caller to judge.
 */
export async function playTeeworlds(options: TeeworldsOptions): Promise<TeeworldsResult> {
  const { programs, loss, log } = options;
  await using started = new AsyncDisposableStack();
  const { path: folder } = started.use(await TemporaryFolder.open());
  const server = await TeeworldsServer.start(programs.server, folder);
  started.defer(() => server.stop());
  log(`server at ${formatEndpoint(server.address.ip, server.address.port)}`);
  const stage = await (options.ipv6 === true ? openIpv6Stage : openStage)(options, server.address, folder, started);
  const { tunnel, link } = stage;
  log(`node sends to servers from ${formatIpv4(EGRESS_IP)}; ${loss * 100} % loss each way in front of it`);
  const player = startPlayer(programs, tunnel.ingresses[0].listen, folder);
  started.defer(() => player.stop());
  const entered = await server.playerEntered(ENTER_MS);
  log(entered);

  const stays: Stay[] = [];
  for (const trial of options.trials) {
    log(trial.name);
    await trial.begin(stage);
    stays.push(await stay(trial.name, tunnel, server, options));
    trial.end?.(stage);
  }
  if (stays.length === 0) stays.push(await stay('entering', tunnel, server, options));
  const { counters, rtt } = tunnel.stats();
  return {
    entered,
    stays,
    departures: server.departures(),
    link: link.stats,
    recoveredToServer: await stage.node.metric('lightspeed_fec_packets_total{result="recovered"}'),
    recoveredToPlayer: counters.fecRecovered,
    tunnelRttMs: rtt?.smoothedMs,
  };
}

function linkThatLoses(loss: number): Impairments {
  return { loss, delayMs: 10, jitterMs: 5 };
}

/** A node, the link in front of it, and a tunnel that is registered. */
async function openStage(
  { trials, loss, fecGroupSize, seed }: TeeworldsOptions,
  gameServer: Endpoint,
  folder: string,
  started: AsyncDisposableStack,
): Promise<Stage> {
  const stateDir = join(folder, 'node');
  await mkdir(stateDir);
  const anyPort = { ip: LOOPBACK, port: 0 };
  const issuer = new Issuer();
  const node = await NodeProgram.start({
    data: anyPort,
    control: anyPort,
    allow: [gameServer],
    egressIp: EGRESS_IP,
    issuer,
    stateDir,
  });
  // Whichever runs in the end.
  const running = { node };
  started.defer(() => running.node.stop());
  const listenFor = (endpoint: Endpoint) => ({ target: endpoint, listen: { ip: FRONT_IP, port: endpoint.port }, seed });
  const control = await LossyLink.open({ ...listenFor(node.control), toTarget: {} });
  started.defer(() => control.close());
  const link = await LossyLink.open({ ...listenFor(node.data), toTarget: linkThatLoses(loss) });
  started.use(link);
  const tunnel = await startTunnel({
    register: { nodes: [{ ...node.settings, host: formatIpv4(FRONT_IP) }], ticket: issuer.ticket(), pingMs: PING_MS },
    ingresses: [{ listen: anyPort, gameServer }],
    source: formatIpv4(LOOPBACK),
    paths: trials.length === 0 ? [] : [formatIpv4(SECOND_PATH_IP)],
    multipath: 'duplicate',
    fecGroupSize,
    keepaliveMs: KEEPALIVE_MS,
  });
  started.use(tunnel);
  await tunnel.established(ESTABLISH_MS);
  return Object.assign(running, { tunnel, link, firstPathIp: LOOPBACK });
}

/** An open node, the link in front of it, and a tunnel by both, all at `::1`. */
async function openIpv6Stage(
  { loss, fecGroupSize, seed }: TeeworldsOptions,
  gameServer: Endpoint,
  stateDir: string,
  started: AsyncDisposableStack,
): Promise<Stage> {
  const host = '::1';
  const how = { dataBind: `[${host}]:0`, allow: [gameServer], egressIp: EGRESS_IP, admit: 'anybody', stateDir } as const;
  const node = await NodeProgram.start(how);
  started.defer(() => node.stop());
  const target = { host, port: node.data.port };
  const link = await LossyLink.open({ target, listen: { host, port: 0 }, seed, toTarget: linkThatLoses(loss) });
  started.defer(() => link.close());
  const tunnel = await startTunnel({
    node: { host, port: link.address.port },
    ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }],
    fecGroupSize,
    keepaliveMs: KEEPALIVE_MS,
  });
  started.defer(() => tunnel.close());
  await tunnel.established(ESTABLISH_MS);
  return { node, tunnel, link, firstPathIp: LOOPBACK };
}

/** Stays in the game for a while. */
async function stay(after: string, tunnel: RunningTunnel, server: TeeworldsServer, { staySeconds, log }: TeeworldsOptions): Promise<Stay> {
  await setTimeout(staySeconds * 1_000 - TRAFFIC_WINDOW_MS);
  const before = tunnel.stats().counters;
  await setTimeout(TRAFFIC_WINDOW_MS);
  const { localPacketsSent, localPacketsReceived } = tunnel.stats().counters;
  const lastSecondToPlayer = localPacketsSent - before.localPacketsSent;
  const lastSecondFromPlayer = localPacketsReceived - before.localPacketsReceived;
  const players = await server.players();
  for (const line of players) log(line);
  return { after, players, lastSecondToPlayer, lastSecondFromPlayer };
}

function startPlayer(programs: TeeworldsPrograms, ingress: Endpoint, folder: string): ForeignProcess {
  const env = {
    ...process.env,
    HOME: folder,
    TMPDIR: folder,
    LIBGL_ALWAYS_SOFTWARE: '1',
    SDL_AUDIODRIVER: 'dummy',
  };
  // A small picture, seldom drawn: without a graphics card that is what costs most.
  const settings = 'gfx_fullscreen 0; gfx_screen_width 320; gfx_screen_height 240; gfx_limitfps 1; gfx_maxfps 30';
  const connect = `connect ${formatEndpoint(ingress.ip, ingress.port)}`;
  return new ForeignProcess(programs.xvfbRun, ['-a', programs.client, settings, connect], env, folder);
}
