import { setTimeout } from 'node:timers/promises';
import type { EngineChoice } from '@lightspeed/udp';
import { chooseEngine } from '@lightspeed/udp';
import { formatIpv4 } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { ControlPlane } from '../control/control-plane.ts';
import { openControlState } from '../control/control-state.ts';
import type { ControlState } from '../control/control-state.ts';
import { returnMemoryAfterSurges } from '../base/memory-return.ts';
import type { NodeView } from '../http/node-view.ts';
import type { HttpServer } from '../http/server.ts';
import { silentLog } from './log.ts';
import { requireDescriptors } from '../base/descriptor-limit.ts';
import { NodeError, bindError, messageOf } from '../base/node-error.ts';
import { OwnAddresses } from '../base/own-addresses.ts';
import { freePort } from '../supervisor/data-port.ts';
import { relayOptionsOf } from '../supervisor/relay-options.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Administration } from './admin-commands.ts';
import type { NodeProgram } from './admin-commands.ts';
import { LiveNode } from './live-node.ts';
import type { RunningNode } from './live-node.ts';
import { watchDialect } from './dialect-watch.ts';
import { watchLongDatagrams } from './long-datagram-watch.ts';
import type { NodeParts } from './node-parts.ts';
import { logStart, logTotals } from './start-log.ts';

/** What a node is started with besides its configuration. */
export interface NodeOptions {
  /** Where it writes what happens; nowhere by default. */
  readonly log?: Logger;
  /** How many lines of the log were dropped, for `/metrics`. */
  readonly droppedLines?: () => number;
  /** The program that the node is; without it the node refuses to be asked to restart or reload. */
  readonly program?: NodeProgram;
}

/**
 * Starts a node; resolves when every worker serves.
 * @throws {NodeError} within a second, if a port or address cannot be had, or the engine cannot work here.
 */
export async function startNode(config: NodeConfig, options: NodeOptions = {}): Promise<RunningNode> {
  const log = options.log ?? silentLog();
  requireDescriptors(config.workers);
  const engine = engineFor(config);
  await requireEgressAddress(config);
  const administration = new Administration(options.program);
  const state = config.controlBind && (await openControlState(config, log, administration.commands));
  const parts = await startParts(config, engine, state, log, options.droppedLines ?? (() => 0));
  const { supervisor, control } = parts;
  logStart(log, config, engine, parts);
  const totals = setInterval(() => logTotals(log, supervisor.stats()), config.metricsIntervalSecs * 1_000).unref();
  if (config.metricsIntervalSecs === 0) clearInterval(totals);
  const endWatch = watchDialect(() => supervisor.stats().clientDrops.reserved_not_zero, log);
  const endLongDatagramWatch = watchLongDatagrams(() => {
    const { serverDrops, udp } = supervisor.stats();
    return serverDrops.truncated + udp.truncated;
  }, log);
  const endReturns = returnMemoryAfterSurges(control?.port, () => supervisor.stats().relay.sessionsOpened, log);

  const node = new LiveNode(config, engine, parts, administration, log, () => {
    clearInterval(totals);
    endWatch();
    endLongDatagramWatch();
    endReturns();
  });
  administration.node = {
    get isDraining() {
      return control?.isDraining ?? false;
    },
    get sessions() {
      return supervisor.sessionCount;
    },
    get serving() {
      return node.serving;
    },
    bans: state?.bans,
  };
  return node;
}

/** Starts everything; what was started is closed again if something cannot be. */
async function startParts(
  config: NodeConfig,
  engine: EngineChoice,
  state: ControlState | undefined,
  log: Logger,
  droppedLines: () => number,
): Promise<NodeParts> {
  const startedMs = performance.now();
  const own = new OwnAddresses();
  let supervisor: Supervisor | undefined;
  let control: ControlPlane | undefined;
  try {
    supervisor = await Supervisor.start(config, {
      relay: relayOptionsOf(config),
      engine: engine.kind,
      log,
      hosts: own.hosts,
      clients: state?.registry,
      outlived: state?.outlived,
      challengeKey: state?.identity.deriveKey('lightspeed path challenges'),
    });
    if (state !== undefined) state.outlived = undefined;
    if (config.controlBind !== undefined && state !== undefined) {
      control = await ControlPlane.start(config.controlBind, config, state, supervisor, own, log);
    }
    own.follow((hosts) => supervisor?.setOwnAddresses(hosts));
    const http = await httpOf({ config, engine, supervisor, control, startedMs, droppedLines });
    return { supervisor, control, http, own };
  } catch (error) {
    own.stop();
    // What was saved stays for the next start.
    const closed = Promise.all([supervisor?.stop(), control === undefined ? state?.folder?.close() : control.abandon()]);
    // What hangs must not keep anybody from hearing of the error.
    await Promise.race([closed, setTimeout(FAILED_START_MS, undefined, { ref: false })]);
    throw error;
  }
}

/** Loaded only where it is wanted: with the libraries that it takes it is 11 MB. */
async function httpOf(view: NodeView): Promise<HttpServer | undefined> {
  const { httpBind } = view.config;
  if (httpBind === undefined) return undefined;
  const { startHttp } = await import('../http/server.ts');
  return startHttp(httpBind, view);
}

/** How long what a start that fails has opened may take to close. */
const FAILED_START_MS = 500;

function engineFor({ io, busyPollUs }: NodeConfig): EngineChoice {
  const choice = chosenEngine(io);
  if (busyPollUs > 0 && choice.kind !== 'batch') {
    throw new NodeError('ERR_PROXY_ENGINE', `--busy-poll needs the batch engine (${choice.reason}): leave it out here`);
  }
  return choice;
}

function chosenEngine(io: NodeConfig['io']): EngineChoice {
  try {
    return chooseEngine(io);
  } catch (cause) {
    throw new NodeError('ERR_PROXY_ENGINE', `${messageOf(cause)}; --io auto uses what works`, { cause });
  }
}

async function requireEgressAddress({ egressBind }: NodeConfig): Promise<void> {
  try {
    await freePort({ host: formatIpv4(egressBind), port: 0 });
  } catch (error) {
    throw bindError(error, 'egress', formatIpv4(egressBind), '--egress-bind');
  }
}
