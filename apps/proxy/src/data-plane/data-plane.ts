import { FecMemory } from '@lightspeed/fec'
import { DestinationPolicy } from '@lightspeed/security'
import { Relay, relayCountersIn } from '@lightspeed/session'
import type { RelayOutput } from '@lightspeed/session'
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp'
import { EgressSockets } from './egress-sockets.ts'
import type { FromWorker, WorkerStart } from './messages.ts'
import { randomSource } from './random-source.ts'
import { SharedSessionQuota } from './session-quota.ts'

/** The tag of the socket that clients talk to; egress sockets are tagged with their numbers. */
const DATA_PLANE = -1

/**
 * The relay asks to be called when an open FEC group gets too old, but a group may open right after it was asked. So it
 * is called this often in any case.
 */
const LONGEST_TICK_MS = 25

/**
 * A worker's packet path, in both directions:
 *
 *  1. onDatagrams    a batch of one socket: from clients if it is the data plane's, else from a game server
 *  2. relay          decides about each datagram (`upstream.ts` and `downstream.ts` of @lightspeed/session)
 *  3. toServer, toClient     queue what it lets through, in place
 *  4. onSent         the engine has sent it all; the relay's blocks are free again
 */
export class DataPlane implements DatagramHandler, RelayOutput {
  readonly #engine: DatagramEngine
  readonly #relay: Relay
  readonly #data: DatagramSocket
  readonly #egress: EgressSockets
  readonly #takeMessages: () => void
  readonly #tell: (message: FromWorker) => void

  /**
   * @param data the open socket of the data plane.
   * @param takeMessages called when the main thread has something to say.
   * @param tell posts to the main thread.
   */
  constructor(
    engine: DatagramEngine,
    data: DatagramSocket,
    start: WorkerStart,
    takeMessages: () => void,
    tell: (message: FromWorker) => void,
  ) {
    const { relay: options, policy, shared } = start
    this.#engine = engine
    this.#data = data
    this.#data.tag = DATA_PLANE
    this.#egress = new EgressSockets(engine, start.egress)
    this.#takeMessages = takeMessages
    this.#tell = tell
    const { reserve, bytes } = engine.arena
    this.#relay = new Relay(options, {
      memory: new FecMemory(bytes, reserve.start, reserve.lengthBytes),
      policy: new DestinationPolicy(policy),
      counters: relayCountersIn(shared.relayCounters),
      output: this,
      random: randomSource(),
      quota: new SharedSessionQuota(shared.sessions, start.index, options.maxClients),
    })
    // The engine's own reading of this clock starts with its run.
    const nowUs = engine.nowUs()
    this.#relay.advance((nowUs / 1_000) | 0, nowUs | 0)
    for (const { ip, durationMs } of start.bans) this.#relay.ban(ip, durationMs)
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received
    const relay = this.#relay
    relay.advance(this.#engine.clockMs, this.#engine.clockUs)
    const { tag } = socket
    if (tag === DATA_PLANE) {
      for (let i = 0; i < count; i++) relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i])
    } else {
      for (let i = 0; i < count; i++) relay.handleServerDatagram(tag, offsets[i], lengths[i], ips[i], ports[i])
    }
  }

  onSent(): void {
    this.#relay.sent()
  }

  onWake(): void {
    this.#relay.advance(this.#engine.clockMs, this.#engine.clockUs)
    this.#takeMessages()
  }

  onTick(): number {
    this.#relay.advance(this.#engine.clockMs, this.#engine.clockUs)
    return Math.min(LONGEST_TICK_MS, this.#relay.handleTimeout())
  }

  toClient(offset: number, length: number, ip: number, port: number): void {
    this.#engine.send(this.#data, offset, length, ip, port)
  }

  toServer(egress: number, offset: number, length: number, ip: number, port: number): void {
    this.#egress.send(egress, offset, length, ip, port)
  }

  openEgress(): number {
    return this.#egress.open()
  }

  closeEgress(egress: number): void {
    this.#egress.close(egress)
  }

  flush(): void {
    this.#engine.flush()
    this.#relay.sent()
  }

  banned(ip: number, durationMs: number): void {
    this.#tell({ type: 'banned', ip, durationMs })
  }

  /** Another worker's ban. */
  ban(ip: number, durationMs: number): void {
    this.#relay.ban(ip, durationMs)
  }

  /** Says goodbye to every client and ends the engine's run. */
  stop(): void {
    this.#relay.shutdown()
    this.#engine.stop()
  }
}
