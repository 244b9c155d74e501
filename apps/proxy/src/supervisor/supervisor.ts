import type { RelayOptions } from '@lightspeed/session'
import type { EngineKind } from '@lightspeed/udp'
import type { Endpoint } from '@lightspeed/wire'
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire'
import type { Logger } from 'pino'
import type { NodeConfig } from '../config/node-config.ts'
import { egressPortsOf } from '../data-plane/egress-ports.ts'
import type { WorkerMemory, WorkerStart } from '../data-plane/messages.ts'
import { sessionQuotaMemory } from '../data-plane/session-quota.ts'
import { NodeError, bindError } from '../node-error.ts'
import { ownAddresses, ownPortRules } from '../own-addresses.ts'
import { collectStats } from '../stats.ts'
import type { NodeStats } from '../stats.ts'
import { BanList } from './ban-list.ts'
import { DataPort } from './data-port.ts'
import type { Serving, WorkerWatcher } from './worker-slot.ts'
import { WorkerSlot } from './worker-slot.ts'

/** Egress sockets are many, and each carries a few players' traffic at the most. */
const EGRESS_BUFFER_BYTES = 1024 * 1024

/** Blocks of 1.5 kB per worker: an open group takes one, each way. */
const FEC_BLOCKS = 4_096

/** Goodbyes take milliseconds; a worker that has not ended by then hangs. */
const STOP_PATIENCE_MS = 1_500

/** Runs the data plane: opens its port, starts its workers and their successors, and passes on what concerns all. */
export class Supervisor implements WorkerWatcher {
  readonly #config: NodeConfig
  readonly #relay: RelayOptions
  readonly #engine: EngineKind
  readonly #log: Logger
  readonly #port: DataPort
  readonly #workers: readonly WorkerSlot[]
  readonly #bans = new BanList()
  readonly #ownAddresses = ownAddresses()
  #stopped: Promise<void> | undefined
  /** Buffers that the system granted to the data plane, the smallest where there are several. */
  buffers = { receiveBytes: Infinity, sendBytes: Infinity }

  private constructor(config: NodeConfig, relay: RelayOptions, engine: EngineKind, log: Logger, port: DataPort) {
    this.#config = config
    this.#relay = relay
    this.#engine = engine
    this.#log = log
    this.#port = port
    const sessions = sessionQuotaMemory(config.workers)
    this.#workers = Array.from({ length: config.workers }, (_, index) => {
      return new WorkerSlot(index, engine, sessions, (memory) => this.#startOf(index, memory), this)
    })
  }

  /**
   * Resolves when every worker serves.
   * @throws {NodeError}
   */
  static async start(config: NodeConfig, relay: RelayOptions, engine: EngineKind, log: Logger): Promise<Supervisor> {
    const port = await DataPort.open(config.dataBind, engine, config.workers)
    const supervisor = new Supervisor(config, relay, engine, log, port)
    try {
      await Promise.all(supervisor.#workers.map((worker) => worker.start()))
    } catch (error) {
      await supervisor.stop()
      if (error instanceof NodeError) throw error
      throw bindError(error, 'data plane', formatEndpoint(port.ip, port.port), '--data-bind')
    }
    return supervisor
  }

  get dataAddress(): Endpoint {
    return { ip: this.#port.ip, port: this.#port.port }
  }

  stats(): NodeStats {
    return collectStats(this.#workers)
  }

  async crashWorker(index: number): Promise<void> {
    await this.#workers.at(index)?.crash()
  }

  /** Says goodbye to all clients and ends all workers. */
  stop(): Promise<void> {
    this.#stopped ??= Promise.all(this.#workers.map((worker) => worker.stop(STOP_PATIENCE_MS))).then(() => {
      this.#port.close()
    })
    return this.#stopped
  }

  serving(worker: WorkerSlot, serving: Serving): void {
    this.buffers = {
      receiveBytes: Math.min(this.buffers.receiveBytes, serving.receiveBufferBytes),
      sendBytes: Math.min(this.buffers.sendBytes, serving.sendBufferBytes),
    }
    const warmUpMs = Math.round(serving.warmUpMs)
    if (worker.restarts > 0) this.#log.info({ worker: worker.index, warmUpMs }, 'data-plane worker serves again')
    else this.#log.debug({ worker: worker.index, warmUpMs }, 'data-plane worker serves')
  }

  banned(by: WorkerSlot, ip: number, durationMs: number): void {
    this.#bans.add(ip, durationMs, performance.now())
    for (const worker of this.#workers) {
      if (worker !== by) worker.post({ type: 'ban', ip, durationMs })
    }
    this.#log.warn({ ip: formatIpv4(ip), seconds: Math.ceil(durationMs / 1_000) }, 'client banned: too many destinations')
  }

  crashed(worker: WorkerSlot, why: string, delayMs: number): void {
    const { index, restarts } = worker
    this.#log.error({ worker: index, why, restarts, delayMs }, 'data-plane worker crashed: its sessions are lost, it is started again')
  }

  #startOf(index: number, shared: WorkerMemory): WorkerStart {
    const { workers, egressBind, egressPorts, allowDestinations, denyDestinations } = this.#config
    const data = this.#port.startOf(index)
    return {
      index,
      engine: this.#engine,
      relay: this.#relay,
      policy: {
        allow: allowDestinations,
        deny: [...denyDestinations, ...ownPortRules(this.#ownAddresses, data.port)],
        ownAddresses: this.#ownAddresses,
      },
      data,
      egress: {
        ip: egressBind,
        ports: egressPorts === undefined ? undefined : egressPortsOf(egressPorts, index, workers),
        bufferBytes: EGRESS_BUFFER_BYTES,
      },
      bans: this.#bans.remaining(performance.now()),
      fecBlocks: FEC_BLOCKS,
      shared,
    }
  }
}
