import { parsePin } from '@lightspeed/control/quic'
import { formatIpv4 } from '@lightspeed/wire'
import { LossyLink } from '../lossy-link.ts'
import { LOOPBACK } from '../loopback-socket.ts'
import { Registrant } from './registrant.ts'
import type { RegistrantsPlan, RegistrantsQuestion, RegistrantsReport } from './registrants.ts'

/** A node takes 255 connections of an address. */
const CLIENTS_PER_ADDRESS = 200
const PATIENCE_MS = 60_000

const registered: Registrant[] = []

process.on('message', (question: RegistrantsQuestion) => {
  const answering = question.ask === 'register' ? registerAll(question.plan) : leave()
  answering.then(
    (report) => process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(1))

async function registerAll({ control, pin, clients }: RegistrantsPlan): Promise<RegistrantsReport> {
  const addresses = Math.ceil(clients / CLIENTS_PER_ADDRESS)
  const fromIps = Array.from({ length: addresses }, (_, index) => LOOPBACK + 0x200 + index)
  const { address } = await LossyLink.open({ target: control, fromIps, seed: 1, toTarget: {} })
  const startedMs = performance.now()
  const tookMs: number[] = []
  const failures = new Map<string, number>()
  const sha256 = parsePin(pin)
  await Promise.all(
    Array.from({ length: clients }, async () => {
      try {
        registered.push(await Registrant.register({ host: formatIpv4(address.ip), port: address.port, sha256, timeoutMs: PATIENCE_MS }))
        tookMs.push(performance.now() - startedMs)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        failures.set(why, (failures.get(why) ?? 0) + 1)
      }
    }),
  )
  return { tookMs: tookMs.toSorted((a, b) => a - b), failures: [...failures].map(([why, count]) => `${count} times: ${why}`) }
}

/** Ends every registration as a client does. */
async function leave(): Promise<RegistrantsReport> {
  await Promise.allSettled(registered.splice(0).map((registrant) => registrant.leave()))
  return { tookMs: [], failures: [] }
}
