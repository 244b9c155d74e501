import { setTimeout } from 'node:timers/promises';
import type { RunningTunnel } from '@lightspeed/client';
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ForeignProcess } from '../../src/foreign-process.ts';
import { temporaryFolder } from '../../src/leftovers.ts';
import { TeeworldsServer } from './server.ts';
import type { TeeworldsPrograms } from './server.ts';
import { EGRESS_IP, openStage } from './stage.ts';
import type { StageOptions } from './stage.ts';

const ENTER_MS = 60_000;
const TRAFFIC_WINDOW_MS = 1_000;

/** What is played, and for how long. */
export interface TeeworldsOptions extends StageOptions {
  readonly programs: TeeworldsPrograms;
  /** How long the player stays in the game: after each trial, and in any case. */
  readonly staySeconds: number;
  /** Told what happens, in one line each. */
  readonly log: (line: string) => void;
}

/** What the server's log and the player's stays say. */
export type TeeworldsResult = Awaited<ReturnType<typeof playTeeworlds>>;

/**
 * Has Debian's Teeworlds play on Debian's Teeworlds server through a tunnel over a link that loses packets. The client
 * registers with the node, which lets in nobody else.
 * Rejects if the player does not get into the game; what came of it then is for the caller to judge.
 */
export async function playTeeworlds(options: TeeworldsOptions) {
  const { programs, loss, log } = options;
  await using started = new AsyncDisposableStack();
  const { path: folder } = started.use(await temporaryFolder());
  const server = await TeeworldsServer.start(started, programs.server, folder);
  log(`server at ${formatEndpoint(server.address.ip, server.address.port)}`);
  const stage = await openStage(options, server.address, folder, started);
  const { tunnel, link } = stage;
  log(`node sends to servers from ${formatIpv4(EGRESS_IP)}; ${loss * 100} % loss each way in front of it`);
  started.use(startPlayer(programs, tunnel.ingresses[0].listen, folder));
  const entered = await server.playerEntered(ENTER_MS);
  log(entered);

  const stays: Awaited<ReturnType<typeof stay>>[] = [];
  for (const trial of options.trials) {
    log(trial.name);
    await trial.begin(stage);
    stays.push(await stay(trial.name, tunnel, server, options));
    trial.end?.(stage);
  }
  if (stays.length === 0) stays.push(await stay('entering', tunnel, server, options));
  const { counters, rtt } = tunnel.stats();
  return {
    /** The line of the server's log in which the player entered the game. */
    entered,
    /** How it was at the end of each stay: one entry for each trial, and just one if there are none. */
    stays,
    /** Lines of the server's log in which somebody left. */
    departures: server.departures(),
    link: link.stats,
    recoveredToServer: await stage.node.metric('fec_packets_total', 'result="recovered"'),
    recoveredToPlayer: counters.fecRecovered,
    tunnelRttMs: rtt?.smoothedMs,
  };
}

/** Stays in the game for a while. @param after the trial that went before */
async function stay(after: string, tunnel: RunningTunnel, server: TeeworldsServer, { staySeconds, log }: TeeworldsOptions) {
  await setTimeout(staySeconds * 1_000 - TRAFFIC_WINDOW_MS);
  const before = tunnel.stats().counters;
  await setTimeout(TRAFFIC_WINDOW_MS);
  const { localPacketsSent, localPacketsReceived } = tunnel.stats().counters;
  const players = await server.players();
  for (const line of players) log(line);
  return {
    after,
    /** What the server's console says of the players who are there. */
    players,
    /** Datagrams of the server that reached the player's program in the last second, and that the program sent then. */
    lastSecondToPlayer: localPacketsSent - before.localPacketsSent,
    lastSecondFromPlayer: localPacketsReceived - before.localPacketsReceived,
  };
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

/**
 * Whether a real game was carried.
 * @returns why not, in one line, or undefined.
 */
export function faultOfTeeworlds(result: TeeworldsResult): string | undefined {
  const address = `addr=${formatIpv4(EGRESS_IP)}:`;
  if (!result.entered.includes(address)) return `the player came from another address than ${formatIpv4(EGRESS_IP)}: ${result.entered}`;
  if (result.departures.length > 0) return `the player left${silenceOf(result)}: ${result.departures[0]}`;
  for (const { after, players, lastSecondToPlayer } of result.stays) {
    if (!players.some((line) => line.includes(address))) return `the server no longer has the player (after: ${after})`;
    if (lastSecondToPlayer === 0) return `nothing of the server reached the player in the last second (after: ${after})`;
  }
  return undefined;
}

/** A program that hangs, or has crashed, is thrown out too, and by nobody's fault but its own. */
function silenceOf({ stays }: TeeworldsResult): string {
  const silent = stays.find(({ lastSecondFromPlayer }) => lastSecondFromPlayer === 0);
  return silent === undefined ? '' : ` (its program itself had fallen silent after: ${silent.after})`;
}

/** The share of packets that the link really lost, both ways. */
export function measuredLoss({ link }: TeeworldsResult): number {
  const { toTarget, toSource } = link;
  return (toTarget.lostRandom + toSource.lostRandom) / (toTarget.sent + toSource.sent);
}
