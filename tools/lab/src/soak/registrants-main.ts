import { sessionSecretExtension, ticketExtension } from '@lightspeed/control'
import { CloseCode, connectControl, parsePin } from '@lightspeed/control/quic'
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic'
import { formatIpv4 } from '@lightspeed/wire'
import { LossyLink } from '../lossy-link.ts'
import { LOOPBACK } from '../loopback-socket.ts'
import type { RegisteredSession, RegistrantsPlan, RegistrantsQuestion, RegistrantsReport } from './registrants.ts'

/** A node takes 255 connections of an address. */
const CLIENTS_PER_ADDRESS = 200
const PATIENCE_MS = 60_000

const registered: { readonly connection: ControlConnection; readonly stream: ControlStream }[] = []

process.on('message', (question: RegistrantsQuestion) => {
  answer(question).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(1))

function answer(question: RegistrantsQuestion): Promise<RegistrantsReport> {
  if (question.ask === 'register') return registerAll(question.plan)
  return question.ask === 'leave' ? leave() : hangUp()
}

async function registerAll({ control, pin, clients, ticket, atOnce = clients }: RegistrantsPlan): Promise<RegistrantsReport> {
  const firstIp = LOOPBACK + 0x200 + Math.ceil(registered.length / CLIENTS_PER_ADDRESS)
  const addresses = Math.ceil(clients / CLIENTS_PER_ADDRESS)
  const fromIps = Array.from({ length: addresses }, (_, index) => firstIp + index)
  const { address } = await LossyLink.open({ target: control, fromIps, seed: 1, toTarget: {} })
  const startedMs = performance.now()
  let begun = 0
  const tookMs: number[] = []
  const sessions: RegisteredSession[] = []
  const failures = new Map<string, number>()
  const sha256 = parsePin(pin)
  await Promise.all(
    Array.from({ length: Math.min(atOnce, clients) }, async () => {
      while (begun++ < clients) {
        try {
          sessions.push(await register(formatIpv4(address.ip), address.port, sha256, ticket))
          tookMs.push(performance.now() - startedMs)
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          failures.set(why, (failures.get(why) ?? 0) + 1)
        }
      }
    }),
  )
  return { tookMs, sessions, failures: [...failures].map(([why, count]) => `${count} times: ${why}`) }
}

async function register(host: string, port: number, sha256: Uint8Array, ticket?: Uint8Array): Promise<RegisteredSession> {
  const connection = await connectControl({ host, port, verify: { kind: 'pin', sha256 }, timeoutMs: PATIENCE_MS })
  const stream = connection.openStream()
  const extensions = ticket === undefined ? [] : [ticketExtension.encode(ticket)]
  registered.push({ connection, stream })
  await stream.send({ type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'lab', extensions }, 'standard')
  stream.dialect = 'standard'
  for await (const message of stream.messages()) {
    if (message.type === 'register_ack') {
      const { sessionId, token } = message
      const secret = sessionSecretExtension.find(message.extensions)
      if (secret === undefined) throw new Error('the node has given no secret')
      return { sessionId, token, secret }
    }
    if (message.type === 'disconnect') throw new Error(`refused: ${message.reason}`)
  }
  throw new Error('the node said nothing')
}

/** Ends every registration as a client does. */
async function leave(): Promise<RegistrantsReport> {
  await Promise.allSettled(
    registered.splice(0).map(async ({ connection, stream }) => {
      await stream.send({ type: 'disconnect', reason: 'normal' }, 'standard')
      stream.end()
      await connection.whenClosed
    }),
  )
  return { tookMs: [], sessions: [], failures: [] }
}

async function hangUp(): Promise<RegistrantsReport> {
  await Promise.allSettled(registered.splice(0).map(({ connection }) => connection.close(CloseCode.normal, 'done')))
  return { tookMs: [], sessions: [], failures: [] }
}
