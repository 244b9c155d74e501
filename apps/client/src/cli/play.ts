import type { EngineKind } from '@lightspeed/udp';
import type { MultipathMode } from '@lightspeed/session';
import { SAFE_PAYLOAD_BYTES, formatEndpoint } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import type { MoveReason } from '../control/node-choice.ts';
import { ClientError } from '../errors.ts';
import type { RunningTunnel } from '../tunnel/running-tunnel.ts';
import { requireFecGroupSize } from '../tunnel/settings.ts';
import type { IngressSettings } from '../tunnel/settings.ts';
import { startTunnel } from '../tunnel/start-tunnel.ts';
import { requirePort, resolveHost } from './endpoint.ts';
import type { HostPort, NodeArgument } from './endpoint.ts';
import { Interruption } from './interruption.ts';
import { PathMeter } from './path-meter.ts';
import { PlayReport } from './play-report.ts';
import { registers, registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import type { Terminal } from './terminal.ts';
import { TrafficMeter } from './traffic.ts';
import { UsageError } from './usage-error.ts';

/** A node that has not answered by then is not there. */
const FIRST_ANSWER_MS = 10_000;
const SAMPLE_MS = 1_000;
const LOOPBACK = 0x7f00_0001;
const MOVES: Readonly<Record<MoveReason, string>> = {
  lost: 'the node does not answer any more',
  draining: 'the node will stop',
  faster: 'another node is much nearer',
};

export interface PlayOptions extends RegistrationOptions {
  readonly node: readonly NodeArgument[];
  readonly path?: readonly number[];
  readonly via?: NodeArgument;
  readonly multipath: MultipathMode;
  readonly gameServer: readonly HostPort[];
  readonly listen?: readonly Endpoint[];
  readonly fec: number;
  readonly source?: number;
  readonly io: 'auto' | EngineKind;
  readonly dialect: Dialect;
  readonly keepaliveMs?: number;
  readonly maxKeepaliveMisses: number;
  readonly oversize: 'fragment' | 'drop';
  readonly json?: boolean;
}

/** `lightspeed play`. @returns the exit code. */
export async function play(options: PlayOptions, terminal: Terminal): Promise<number> {
  checkUsage(options);
  const where = registers(options)
    ? { register: await registrationOf(options, options.node, options.via, terminal) }
    : { node: await resolveHost(onlyNode(options), '--node') };
  const ingresses = await ingressesOf(options);
  const interruption = new Interruption(terminal);
  const tunnel = await startTunnel({
    ...where,
    paths: options.path,
    multipath: options.multipath,
    ingresses,
    fecGroupSize: options.fec,
    dialect: options.dialect,
    token: options.token,
    sourceIp: options.source,
    io: options.io,
    keepaliveMs: options.keepaliveMs,
    maxKeepaliveMisses: options.maxKeepaliveMisses,
    oversize: options.oversize,
  });
  const startedMs = performance.now();
  const report = new PlayReport(terminal, options.json === true);
  report.started(tunnel, options.fec);
  const failure = await carried(tunnel, options.dialect, report, interruption);
  await tunnel.close();
  interruption.release();
  if (failure === undefined || tunnel.answered) {
    report.summary(tunnel.stats(), (performance.now() - startedMs) / 1_000);
  }
  if (failure === undefined) return 0;
  terminal.error(failure.message);
  return 1;
}

function checkUsage({ gameServer, listen = [], fec, dialect }: PlayOptions): void {
  if (listen.length > gameServer.length) {
    const count = `${listen.length} --listen for ${gameServer.length} --game-server`;
    throw new UsageError(`${count}: the first --listen belongs to the first --game-server, and so on`);
  }
  try {
    requireFecGroupSize(fec, dialect, '--fec');
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The node of a command line that says not to register. */
function onlyNode({ node, path, via }: PlayOptions): HostPort {
  const extra = node.length > 1 ? 'several --node' : path !== undefined ? '--path' : via !== undefined ? '--via' : undefined;
  if (extra !== undefined) throw new UsageError(`${extra} needs a registration: leave out --no-register and --open`);
  return requirePort(node[0]);
}

/** Without a --listen, a game finds its server's port on this machine, if that is free. */
function ingressesOf({ gameServer, listen = [] }: PlayOptions): Promise<IngressSettings[]> {
  return Promise.all(
    gameServer.map(async (hostPort, index) => {
      const server = await resolveHost(hostPort, '--game-server');
      const chosen: Endpoint | undefined = listen[index];
      if (chosen !== undefined) return { listen: chosen, gameServer: server };
      return { listen: { ip: LOOPBACK, port: server.port }, gameServer: server, anyPortIfTaken: true };
    }),
  );
}

/** Reports until the user has enough. @returns what went wrong, if anything. */
async function carried(
  tunnel: RunningTunnel,
  dialect: Dialect,
  report: PlayReport,
  { asked }: Interruption,
): Promise<ClientError | undefined> {
  const startedMs = performance.now();
  const failed = new Promise<ClientError>((resolve) => tunnel.once('failed', resolve));
  try {
    await Promise.race([tunnel.established(FIRST_ANSWER_MS), asked]);
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  if (tunnel.answered) {
    const how = dialect === 'standard' ? 'connected' : 'sending (whether the node listens shows with its first answer)';
    report.event('established', `${how} after ${(performance.now() - startedMs).toFixed(0)} ms; Ctrl-C ends it`);
  }
  tellNews(tunnel, report);
  const stopSampling = sampleEverySecond(tunnel, report);
  const failure = await Promise.race([failed, asked]);
  stopSampling();
  return failure ?? undefined;
}

function tellNews(tunnel: RunningTunnel, report: PlayReport): void {
  tunnel.on('established', () => report.event('established', 'the node answers again'));
  tunnel.on('lost', () => report.event('lost', 'the node does not answer any more; trying on'));
  tunnel.on('ended-by-node', (retryInMs = 0) => {
    report.event('ended-by-node', `the node has ended the session; asking for a new one in ${retryInMs / 1_000} s`, {
      retryInMs,
    });
  });
  tunnel.on('moved', ({ name }, why) => {
    report.event('moved', `${MOVES[why]}; going on by ${name}. Game servers see another address now`, { node: name, why });
  });
  tunnel.on('draining', ({ name }, ms) => {
    report.event('draining', `node ${name} will stop${ms > 0 ? ` in ${Math.round(ms / 1_000)} s` : ' soon'}`, { node: name, ms });
  });
  tunnel.on('control', ({ name }, state, text) => {
    report.event('control', `control connection with ${name}: ${text}`, { node: name, state, text });
  });
  tunnel.on('path', (path, up) => {
    // With one path it says what `established` and `lost` say.
    if (tunnel.stats().paths.length === 1) return;
    report.event('path', `path ${path + 1} ${up ? 'works' : 'does not work any more'}`, { path, up });
  });
  tunnel.on('rebound', (path, { ip, port }) => {
    const local = formatEndpoint(ip, port);
    report.event('rebound', `this machine’s addresses have changed; path ${path + 1} goes on from ${local}`, { path, local });
  });
}

/** @returns what ends it. */
function sampleEverySecond(tunnel: RunningTunnel, report: PlayReport): () => void {
  const meter = new TrafficMeter(performance.now());
  const pathMeter = new PathMeter();
  let warned = false;
  const timer = setInterval(() => {
    const stats = tunnel.stats();
    report.sample(stats, meter.sample(stats, performance.now()), pathMeter.sample(stats.paths), tunnel.nodes);
    if (warned || stats.counters.oversizeFlows === 0) return;
    warned = true;
    const what = `the game sends payloads over ${SAFE_PAYLOAD_BYTES} bytes`;
    report.event('oversize', `warning: ${what}; on some paths such packets are lost (see --oversize)`);
  }, SAMPLE_MS);
  return () => clearInterval(timer);
}
