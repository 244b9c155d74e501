import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { formatEndpoint, formatIpv4 } from '@lightspeed/wire'
import type { Endpoint } from '@lightspeed/wire'
import { startLabNode, startLabTunnel } from '../lab-node.ts'
import { LossyLink } from '../lossy-link.ts'
import type { LossyLinkStats } from '../lossy-link.ts'
import { ForeignProcess } from '../foreign-process.ts'
import type { TeeworldsPrograms } from './programs.ts'
import { TeeworldsServer } from './server.ts'

/** An address that nobody else in the run has: whoever the server sees there came through the node. */
export const EGRESS_IP = 0x7f00_0002

const ESTABLISH_MS = 10_000
const ENTER_MS = 60_000
const TRAFFIC_WINDOW_MS = 1_000

export interface TeeworldsOptions {
  readonly programs: TeeworldsPrograms
  /** Of packets on the tunnel's link, each way, from 0 to 1. */
  readonly loss: number
  readonly fecGroupSize: number
  readonly seed: number
  /** How long the player stays in the game. */
  readonly staySeconds: number
  /** Told what happens, in one line each. */
  readonly log: (line: string) => void
}

export interface TeeworldsResult {
  /** The line of the server's log in which the player entered the game. */
  readonly entered: string
  /** What the server's console said of the players who were there at the end. */
  readonly players: readonly string[]
  /** Lines of the server's log in which somebody left. */
  readonly departures: readonly string[]
  /** Datagrams of the server that reached the player's program in the last second. */
  readonly lastSecondToPlayer: number
  readonly link: LossyLinkStats
  readonly recoveredToServer: number
  readonly recoveredToPlayer: number
  readonly tunnelRttMs: number | undefined
}

/**
 * Has Debian's Teeworlds play on Debian's Teeworlds server through a tunnel over a link that loses packets.
 * Rejects if the player does not get into the game; what came of it then is for the caller to judge.
 */
export async function playTeeworlds(options: TeeworldsOptions): Promise<TeeworldsResult> {
  const { programs, loss, fecGroupSize, seed, log } = options
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'lightspeed-teeworlds-'))
  started.defer(() => rm(folder, { recursive: true, force: true }))
  const server = await TeeworldsServer.start(programs.server, folder)
  started.defer(() => server.stop())
  log(`server at ${formatEndpoint(server.address.ip, server.address.port)}`)
  const node = await startLabNode({ allow: [server.address], io: 'auto', egressIp: EGRESS_IP })
  started.defer(() => node.close())
  const link = await LossyLink.open({ target: node.dataAddress, seed, toTarget: { loss, delayMs: 10, jitterMs: 5 } })
  started.defer(() => link.close())
  const tunnel = await startLabTunnel({ node: link.address, gameServer: server.address, fecGroupSize, io: 'auto' })
  started.defer(() => tunnel.close())
  await tunnel.established(ESTABLISH_MS)
  log(`node sends to servers from ${formatIpv4(EGRESS_IP)}; ${loss * 100} % loss each way in front of it`)
  const player = startPlayer(programs, tunnel.entrances[0].listen, folder)
  started.defer(() => player.stop())
  const entered = await server.playerEntered(ENTER_MS)
  log(entered)

  await setTimeout(options.staySeconds * 1_000 - TRAFFIC_WINDOW_MS)
  const before = tunnel.stats().counters.localPacketsSent
  await setTimeout(TRAFFIC_WINDOW_MS)
  const { counters, rtt } = tunnel.stats()
  const players = await server.players()
  for (const line of players) log(line)
  return {
    entered,
    players,
    departures: server.departures(),
    lastSecondToPlayer: counters.localPacketsSent - before,
    link: link.stats,
    recoveredToServer: node.stats().relay.fecRecovered,
    recoveredToPlayer: counters.fecRecovered,
    tunnelRttMs: rtt?.smoothedMs,
  }
}

function startPlayer(programs: TeeworldsPrograms, entrance: Endpoint, folder: string): ForeignProcess {
  const env = {
    ...process.env,
    HOME: folder,
    TMPDIR: folder,
    LIBGL_ALWAYS_SOFTWARE: '1',
    SDL_AUDIODRIVER: 'dummy',
  }
  // A small picture, seldom drawn: without a graphics card that is what costs most.
  const settings = 'gfx_fullscreen 0; gfx_screen_width 320; gfx_screen_height 240; gfx_limitfps 1; gfx_maxfps 30'
  const connect = `connect ${formatEndpoint(entrance.ip, entrance.port)}`
  return new ForeignProcess(programs.xvfbRun, ['-a', programs.client, settings, connect], env, folder)
}
