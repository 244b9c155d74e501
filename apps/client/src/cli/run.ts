import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { CaptureClient, CaptureError, startNamespaceHelper } from '@lightspeed/capture';
import type { CaptureTarget, FlowAddress } from '@lightspeed/capture';
import { ClientError } from '../base/errors.ts';
import { controlGroupOf } from '../catch/applications.ts';
import { Capture } from '../catch/capture.ts';
import { obstacleToCatching } from '../catch/obstacle-to-catching.ts';
import { GameProcess, runAlone } from '../catch/game-process.ts';
import { prepareRootless } from '../catch/rootless-game.ts';
import { labelOf } from '../profiles/label.ts';
import { listGames } from '../profiles/profiles.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { carry } from './carry.ts';
import type { CarryHooks, CarryOptions } from './carry.ts';
import { notCaughtBy } from './page-not-caught.ts';
import type { Terminal } from './terminal.ts';
import type { TunnelReport } from './tunnel-report.ts';
import { UsageError } from './usage-error.ts';

/** No game has it. */
const NO_PORT = 0;
const WITHOUT_US = 'the game goes on without LightSpeed';

/** What the commands that catch have in common. */
interface CatchOptions extends CarryOptions {
  /** Where the helper listens. */
  readonly helper?: string;
}

/** The options of `run`. */
export interface RunOptions extends CatchOptions {
  /** In a network namespace of pasta's, without the privileged helper. */
  readonly rootless?: boolean;
}

/** The options of `gateway`. */
export interface GatewayOptions extends CatchOptions {
  readonly lan: string;
  readonly device?: readonly string[];
}

/** The options of `catch`. */
export interface RunningGameOptions extends CatchOptions {
  readonly cgroup?: string;
  readonly pid?: number;
  readonly app?: string;
}

/**
 * `lightspeed run`: the game starts when the node has answered and a trial has passed. If something is wrong with that, it
 * starts all the same, and nothing of it is caught.
 * @returns the game's exit code.
 */
export async function run(words: readonly string[], options: RunOptions, terminal: Terminal): Promise<number> {
  const obstacle = obstacleToCatching(options.io);
  if (obstacle !== undefined) {
    terminal.error(obstacle);
    terminal.error(WITHOUT_US);
    return runAlone(words, (why) => terminal.error(why));
  }
  const labels = await labelsFor(words);
  const { rootless: isRootless = false } = options;
  const namespace = isRootless ? await rootlessGame(words, terminal) : undefined;
  const game = namespace ?? (await GameProcess.prepare(words));
  if (isRootless && namespace === undefined) return withoutUs(game, terminal);
  let capture: Capture | undefined;
  const place = async (report: TunnelReport) => {
    await capture?.begin();
    // All that is in a namespace of its own is caught.
    if (!isRootless) await capture?.place(game.pid);
    report.event('catching', `the game starts: ${words[0]}`);
    game.start();
  };
  let exitCode = 1;
  try {
    capture = isRootless
      ? await prepare({ kind: 'namespace' }, options, () => startNamespaceHelper(game.pid))
      : await prepare({ kind: 'run' }, options);
    exitCode = await carry(options, settingsOf(capture), terminal, {
      ...told(capture, labels),
      isDecided: true,
      command: 'run',
      programs: words,
      established: place,
      over: game.exited,
    });
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'ERR_CLIENT_INVALID_SETTING') {
      game.end();
      throw error;
    }
    terminal.error(error.message);
    if (error.cause instanceof CaptureError && error.cause.code === 'no_helper') {
      terminal.error('or do without root and without setup: lightspeed run --rootless -- GAME');
    }
  } finally {
    capture?.close();
  }
  if (exitCode === 0) {
    // It has ended, or the user has enough.
    game.end();
    return game.exited;
  }
  return withoutUs(game, terminal);
}

/** A game in namespaces of its own; undefined if this machine cannot do that: then the reason is said. */
async function rootlessGame(words: readonly string[], terminal: Terminal): Promise<GameProcess | undefined> {
  try {
    return await prepareRootless(words);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    terminal.error(error.message);
    return undefined;
  }
}

function withoutUs(game: GameProcess, terminal: Terminal): Promise<number> {
  terminal.error(WITHOUT_US);
  game.start();
  return game.exited;
}

/** `lightspeed gateway`. @returns the exit code. */
export async function gateway(options: GatewayOptions, terminal: Terminal): Promise<number> {
  const { lan, device: devices = [] } = options;
  return catchUntilEnd({ kind: 'gateway', lan, devices }, options, terminal);
}

/** `lightspeed catch`. @returns the exit code. */
export async function catchRunning(options: RunningGameOptions, terminal: Terminal): Promise<number> {
  const { cgroup, pid, app } = options;
  const given = [cgroup, pid, app].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError('say what to catch, by one of --cgroup, --pid and --app');
  if (pid !== undefined) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return catchUntilEnd({ kind: 'run' }, options, terminal, [name.trim()], (capture) => capture.place(pid));
  }
  const path = cgroup ?? controlGroupOf(app ?? '', process.getuid?.() ?? 0);
  return catchUntilEnd({ kind: 'cgroup', path }, options, terminal);
}

async function catchUntilEnd(
  target: CaptureTarget,
  options: CatchOptions,
  terminal: Terminal,
  programs: readonly string[] = [],
  begun: (capture: Capture) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const obstacle = obstacleToCatching(options.io);
  if (obstacle !== undefined) throw new ClientError('ERR_CLIENT_CAPTURE', obstacle);
  const labels = await labelsFor(programs);
  const capture = await prepare(target, options);
  try {
    const established = async (report: TunnelReport) => {
      await capture.begin();
      await begun(capture);
      report.event('catching', 'what begins from now on is caught; what flows already stays direct');
    };
    return await carry(options, settingsOf(capture), terminal, {
      ...told(capture, labels),
      command: target.kind === 'gateway' ? 'gateway' : 'catch',
      isDecided: true,
      programs,
      established,
      over: capture.ended,
    });
  } finally {
    capture.close();
  }
}

async function prepare(
  target: CaptureTarget,
  options: CatchOptions,
  connect = () => CaptureClient.connect(options.helper),
): Promise<Capture> {
  const hosts = [...options.node, ...(options.via === undefined ? [] : [options.via])].map(({ host }) => host);
  const found = await Promise.all(hosts.map((host) => lookup(host, { all: true, family: 4 }).catch(() => [])));
  const nodes = found.flatMap((list) => list.map(({ address }) => address));
  return Capture.prepare(target, nodes, options.always === 'direct', connect);
}

function settingsOf(capture: Capture): () => Promise<{ capture: Capture['settings']; ways: Capture['ways'] }> {
  return () => Promise.resolve({ capture: capture.settings, ways: capture.ways });
}

/** The name of the game behind a flow to a server's port, if it is known. */
type Labels = (port: number) => string | undefined;

/** @param programs a command line, or names of programs: the first that is a game's says what all flows are. */
async function labelsFor(programs: readonly string[]): Promise<Labels> {
  const games = await listGames();
  const game = programs.find((name) => labelOf(games, name, NO_PORT) !== undefined);
  return (port) => labelOf(games, game, port);
}

function told(capture: Capture, labels: Labels): Required<Pick<CarryHooks, 'started' | 'ending' | 'kernelSilenceMs' | 'notCaught'>> {
  return {
    kernelSilenceMs: (flow) => capture.silentMs(flow),
    notCaught: async () => notCaughtBy(capture.target, capture.nodes, await capture.counts().catch(() => undefined)),
    started: (tunnel: RunningTunnel, report: TunnelReport) => {
      capture.connect(tunnel, {
        told: (text) => report.event('capture', text, { text }),
        begun: (server, isDirect) => tellServer(report, server, isDirect, labels(server.port)),
      });
      void capture.ended.then((why) => report.event('released', `nothing is caught any more: ${why}`, { why }));
    },
    ending: async (report: TunnelReport) => {
      const counts = await capture.counts().catch(() => undefined);
      if (counts === undefined) return;
      const text = `${counts.caught} datagrams were caught; the kernel carried ${counts.direct + counts.peers} directly`;
      report.event('captured', text, counts);
    },
  };
}

function tellServer(report: TunnelReport, { ip, port }: FlowAddress, isDirect: boolean, game: string | undefined): void {
  const server = `${ip}:${port}`;
  const text = `${server}${game === undefined ? '' : ` (${game})`} is reached ${isDirect ? 'directly' : 'by the node'}`;
  report.event('server', text, { server, game: game ?? null, way: isDirect ? 'direct' : 'node' });
}
