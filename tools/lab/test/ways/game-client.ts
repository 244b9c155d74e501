import { open, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../src/child-program.ts';
import type { Remote } from '../../src/child-program.ts';
import { ForeignProcess, command } from '../../src/foreign-process.ts';
import { twoInterfaces } from '../capture/support/lan.ts';
import type { Attachment, Internet } from '../namespaces/internet.ts';
import type { PlayerProgram } from './player-main.ts';

const SOURCE = '--conditions=@lightspeed/source';
const CLIENT = fileURLToPath(new URL('../../../../apps/client/src/main.ts', import.meta.url));
const HELPER = fileURLToPath(import.meta.resolve('@lightspeed/capture/helper'));
const CAUGHT_PLAYER = fileURLToPath(new URL('./caught-player-main.ts', import.meta.url));
const PROXY_PORT = 1_080;
const START_MS = 30_000;
const ANSWER_MS = 60_000;
const USUAL_PAUSE_MS = 50;
/** Empty ones, whose name is `$0`. */
const REMOVE_GROUPS = 'find /sys/fs/cgroup -depth -path "*/$0*" -type d -exec rmdir {} + 2>/dev/null || true';
let slices = 0;

/** By which command games go: a game speaks to `socks` by itself, and the kernel catches it for the others. */
export type GameCommand = 'socks' | 'run' | 'gateway';

/** How games on servers go. */
export interface Player {
  play(ip: string, port: number): Promise<unknown>;
  stop(ip: string): ReturnType<Report>;
  report(ip: string): ReturnType<Report>;
}
type Report = (ip: string) => Promise<ReturnType<PlayerProgram['report']>>;

/** What a client needs. */
export interface GameClientOptions {
  readonly by: GameCommand;
  readonly internet: Internet;
  readonly home: Attachment;
  /** For all that is written. */
  readonly folder: string;
  /** Of its command line, what is the same for all commands. */
  readonly words: readonly string[];
  /** Whether it is started at a terminal. */
  readonly isAtTerminal: boolean;
  /** Milliseconds between two datagrams of a game. */
  readonly pauseMs?: number | undefined;
}

/** A client whose games go by a command, and who plays them. All of it ends with `started`. */
export async function startGameClient(started: AsyncDisposableStack, options: GameClientOptions) {
  const { by, home, folder, words, isAtTerminal, pauseMs = USUAL_PAUSE_MS } = options;
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined };
  // Control groups are seen with the file systems of this machine only.
  const within = by === 'socks' ? home.in.within : ['nsenter', `--net=/run/netns/${home.in.name}`];
  const start = (all: readonly string[]) => started.use(new ForeignProcess(all[0], all.slice(1), env, folder));
  const lightspeed = (more: readonly string[]) => start([...within, process.execPath, SOURCE, CLIENT, ...more]);
  const established = async (client: ForeignProcess, event: string) => {
    await client.line(new RegExp(`"event":"${event}"`), START_MS);
    return client;
  };
  if (by === 'socks') {
    const all = [by, ...words];
    const typed = [process.execPath, SOURCE, CLIENT, ...all].join(' ');
    const client = await established(
      isAtTerminal ? start([...within, 'script', '-qefc', typed, '/dev/null']) : lightspeed(all),
      'established',
    );
    const remote = started.use(startPlayer(home.in.within));
    const player: Player = { ...playerOf(remote), play: (ip, port) => remote.play(ip, port, PROXY_PORT, pauseMs) };
    return { client, lightspeed, player };
  }
  const socket = join(folder, 'helper.sock');
  const slice = `lightspeed-ways-${process.pid}-${++slices}.slice`;
  started.defer(async () => void (await command('sh', ['-c', REMOVE_GROUPS, slice])));
  await chmod(folder, 0o755);
  await start([...within, process.execPath, SOURCE, HELPER, '--listen', socket, '--slice', slice, '--stay']).line(/^listening/, START_MS);
  if (by === 'gateway') {
    const { device, lan } = await twoInterfaces(options);
    const client = await established(lightspeed([by, '--lan', lan, '--helper', socket, ...words]), 'catching');
    const remote = started.use(startPlayer(device.within));
    return {
      client,
      lightspeed,
      player: { ...playerOf(remote), play: (ip: string, port: number) => remote.play(ip, port, undefined, pauseMs) },
    };
  }
  const pipe = join(folder, 'game');
  await command('mkfifo', [pipe]);
  const game = [process.execPath, SOURCE, CAUGHT_PLAYER, pipe];
  const client = await established(lightspeed([by, '--helper', socket, ...words, '--', ...game]), 'catching');
  const lines = await open(pipe, 'w');
  started.defer(() => lines.close());
  let number = 0;
  const ask = async (what: string) => {
    await lines.write(`${++number} ${what}\n`);
    const line = await client.line(new RegExp(`^\\{"played":${number},`), ANSWER_MS);
    return (JSON.parse(line) as { readonly said: Awaited<ReturnType<Report>> }).said;
  };
  const player: Player = {
    play: (ip, port) => ask(`play ${ip} ${port} ${pauseMs}`),
    stop: (ip) => ask(`stop ${ip}`),
    report: (ip) => ask(`report ${ip}`),
  };
  return { client, lightspeed, player };
}

/** A player that nothing carries, or `socks`. */
export function startPlayer(within: readonly string[]): Remote<PlayerProgram> {
  const program = new URL('./player-main.ts', import.meta.url);
  return startChild<PlayerProgram>({ program, name: 'the player', within, timeoutMs: ANSWER_MS });
}

function playerOf({ stop, report }: Pick<Player, 'stop' | 'report'>): Pick<Player, 'stop' | 'report'> {
  return { stop, report };
}
