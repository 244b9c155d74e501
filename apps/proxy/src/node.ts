import { DEFAULT_RELAY_OPTIONS } from '@lightspeed/session'
import type { RelayOptions } from '@lightspeed/session'
import type { EngineChoice } from '@lightspeed/udp'
import { chooseEngine } from '@lightspeed/udp'
import type { Endpoint } from '@lightspeed/wire'
import { formatIpv4 } from '@lightspeed/wire'
import type { Logger } from 'pino'
import type { NodeConfig } from './config/node-config.ts'
import { startHttp } from './http/server.ts'
import type { HttpServer } from './http/server.ts'
import { silentLog } from './log.ts'
import { NodeError, bindError, messageOf } from './node-error.ts'
import type { NodeStats } from './stats.ts'
import { freePort } from './supervisor/data-port.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { logStart, logTotals } from './start-log.ts'

/** A node that serves. */
export interface RunningNode {
  /** Where clients' packets come in; the ip is unsigned, 0 for every address. */
  readonly dataAddress: Endpoint
  /** Undefined if HTTP is off. */
  readonly httpAddress: { readonly host: string; readonly port: number } | undefined
  readonly workerCount: number
  /** Which engine moves the datagrams, and why. */
  readonly engine: EngineChoice
  stats(): NodeStats
  /** Ends a worker thread as a fault in it would; resolves when it is gone. For tests. */
  crashWorker(index: number): Promise<void>
  /** Says goodbye to every client and closes everything, within 2 s. Harmless when repeated. */
  close(): Promise<void>
}

/**
 * Starts a node; resolves when every worker serves.
 * @param options.log where it writes what happens; nowhere by default.
 * @throws {NodeError} if a port or address cannot be had, or the engine cannot work here.
 */
export async function startNode(config: NodeConfig, options: { log?: Logger } = {}): Promise<RunningNode> {
  const log = options.log ?? silentLog()
  const engine = engineFor(config)
  await requireEgressAddress(config)
  const supervisor = await Supervisor.start(config, relayOptionsOf(config), engine.kind, log)
  const startedMs = performance.now()
  let http: HttpServer | undefined
  try {
    http = config.httpBind && (await startHttp(config.httpBind, { config, engine, supervisor, startedMs }))
  } catch (error) {
    await supervisor.stop()
    throw error
  }
  logStart(log, config, engine, supervisor, http?.address)
  const totals = setInterval(() => logTotals(log, supervisor.stats()), config.metricsIntervalSecs * 1_000).unref()
  if (config.metricsIntervalSecs === 0) clearInterval(totals)

  let closing: Promise<void> | undefined
  const close = async () => {
    clearInterval(totals)
    log.info({ sessions: supervisor.stats().relay.sessions }, 'closing: saying goodbye to every client')
    await Promise.all([supervisor.stop(), http?.close()])
    log.info('closed')
  }
  return {
    dataAddress: supervisor.dataAddress,
    httpAddress: http?.address,
    workerCount: config.workers,
    engine,
    stats: () => supervisor.stats(),
    crashWorker: (index) => supervisor.crashWorker(index),
    close: () => (closing ??= close()),
  }
}

function engineFor({ io }: NodeConfig): EngineChoice {
  try {
    return chooseEngine(io)
  } catch (cause) {
    throw new NodeError('ERR_PROXY_ENGINE', `${messageOf(cause)}; --io auto uses what works`, { cause })
  }
}

async function requireEgressAddress({ egressBind }: NodeConfig): Promise<void> {
  try {
    await freePort({ ip: egressBind, port: 0 })
  } catch (error) {
    throw bindError(error, 'egress', formatIpv4(egressBind), '--egress-bind')
  }
}

/** The configuration as each worker's relay takes it. */
function relayOptionsOf(config: NodeConfig): RelayOptions {
  return Object.freeze({
    ...DEFAULT_RELAY_OPTIONS,
    admission: config.requireAuth ? 'registered' : 'open',
    dialect: config.dialect,
    maxClients: config.maxClients,
    maxSessionsPerAddress: Math.ceil(config.maxSessionsPerAddress / config.workers),
    maxFlowsPerSession: config.maxFlowsPerSession,
    sessionTimeoutMs: config.sessionTimeoutSecs * 1_000,
    maxPpsPerClient: config.maxPpsPerClient,
    maxBpsPerClient: config.maxBpsPerClient,
    maxAmplificationRatio: config.maxAmplificationRatio,
    maxDestinationsPerWindow: config.maxDestinationsPerWindow,
    banDurationMs: config.banDurationSecs * 1_000,
    oversize: config.oversize,
    egressMapping: config.egressMapping,
  })
}
