import { setTimeout } from 'node:timers/promises'
import { startTunnel } from '@lightspeed/client'
import { parsePin } from '@lightspeed/control/quic'
import { formatIpv4 } from '@lightspeed/wire'
import { LabError } from '../errors.ts'
import { count, mebibytes, milliseconds } from '../figures.ts'
import { EchoGame } from '../game/echo-game.ts'
import { LOOPBACK } from '../loopback-socket.ts'
import { percentile } from '../namespaces/figures.ts'
import { startEchoServer } from './echo-server.ts'
import { NodeProcess } from './node-process.ts'
import { Expectations } from './outcome.ts'
import type { Outcome, Progress } from './outcome.ts'
import { Registrants } from './registrants.ts'
import { watch } from './watch.ts'

export interface RegistrationsOptions {
  readonly clients: number
  /**
   * How many register before, after which memory is measured for the first time: what the allocator keeps for the most
   * that ever were there is no leak.
   */
  readonly warmUpClients: number
}

export const LONG_REGISTRATIONS: RegistrationsOptions = { clients: 1_000, warmUpClients: 1_000 }

const MOST_SECONDS = 60
const MOST_GROWTH = 1.2
const PLAY_BEFORE_MS = 3_000
/** The QUIC library frees a connection some time after it has closed. */
const SETTLE_MS = 3_000
const DATAGRAMS_PER_SECOND = 100
const ESTABLISH_MS = 10_000
/** The node's figures are some hundred milliseconds old. */
const ALL_THERE_MS = 5_000
/** Whoever says goodbye is gone at once, not when the grace is over. */
const GONE_MS = 10_000

/** Many clients register at the same moment, while a game goes on through the node. */
export async function runRegistrations({ clients, warmUpClients }: RegistrationsOptions, progress: Progress): Promise<Outcome> {
  await using started = new AsyncDisposableStack()
  const echo = await startEchoServer({ io: 'auto', addresses: 1 })
  started.defer(() => echo.stop())
  const [gameServer] = echo.ready.addresses
  const node = await NodeProcess.start({ allow: [gameServer], io: 'auto', register: true })
  started.defer(() => node.close())
  const { control, pin } = node.ready
  if (control === undefined || pin === undefined) throw new LabError('ERR_LAB_PROCESS', 'the node has no control plane')
  const verify = { kind: 'pin', sha256: parsePin(pin) } as const
  const tunnel = await startTunnel({
    register: { nodes: [{ host: formatIpv4(control.ip), port: control.port, verify }] },
    entrances: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }],
  })
  started.defer(() => tunnel.close())
  await tunnel.established(ESTABLISH_MS)
  const game = await EchoGame.start(tunnel.entrances[0].listen, DATAGRAMS_PER_SECOND)
  started.defer(() => game.close())

  const expectations = new Expectations()
  const holds = (registrations: number, withinMs: number) => {
    const counted = async () => (await node.report()).stats.relay.registrations === registrations
    return watch(counted, withinMs, () => progress(`not ${count(registrations)} registrations yet`))
  }
  /** All come, stay until they were counted, and leave. */
  const round = async (most: number) => {
    const registrants = new Registrants()
    try {
      const { tookMs, failures } = await registrants.register({ control, pin, clients: most })
      expectations.equal('clients that are registered', tookMs.length, most)
      for (const failure of failures) expectations.that(false, failure)
      // The player is one more.
      expectations.that(await holds(tookMs.length + 1, ALL_THERE_MS), 'the node does not count all of its registrations')
      const { rssBytes } = await node.report()
      await registrants.leave()
      expectations.that(await holds(1, GONE_MS), 'registrations are left over when all have left')
      return { tookMs, rssBytes }
    } finally {
      await registrants.stop()
    }
  }

  const atStart = (await node.report()).rssBytes
  await round(warmUpClients)
  await setTimeout(SETTLE_MS)
  const before = (await node.report()).rssBytes
  await game.mark()
  await setTimeout(PLAY_BEFORE_MS)
  const quiet = await game.mark()
  progress(`${count(clients)} clients register`)
  const { tookMs, rssBytes: during } = await round(clients)
  const busy = await game.mark()
  await setTimeout(SETTLE_MS)
  const after = (await node.report()).rssBytes
  const seconds = (tookMs.at(-1) ?? 0) / 1_000
  expectations.that(seconds <= MOST_SECONDS, `the last client was registered after ${seconds.toFixed(1)} s`)
  expectations.equal('datagrams of the game that were answered', busy.answered, busy.sent)
  expectations.that(after <= before * MOST_GROWTH, `memory was ${mebibytes(before)} before and ${mebibytes(after)} after`)
  return {
    name: 'registrations',
    faults: expectations.faults,
    figures: {
      clients: count(tookMs.length),
      'median, last registered': `${milliseconds(percentile(tookMs, 0.5))}, ${milliseconds(tookMs.at(-1) ?? -1)}`,
      'game: lost': `${busy.sent - busy.answered} of ${busy.sent}`,
      'game: median, p99 before': `${milliseconds(percentile(quiet.roundTripsMs, 0.5))}, ${milliseconds(percentile(quiet.roundTripsMs, 0.99))}`,
      'game: median, p99 during': `${milliseconds(percentile(busy.roundTripsMs, 0.5))}, ${milliseconds(percentile(busy.roundTripsMs, 0.99))}`,
      'memory at the start': mebibytes(atStart),
      'memory before': mebibytes(before),
      'memory with all': mebibytes(during),
      'memory after': mebibytes(after),
    },
  }
}
