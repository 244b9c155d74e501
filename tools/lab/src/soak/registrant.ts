import { sessionSecretExtension, ticketExtension } from '@lightspeed/control'
import { CloseCode, connectControl } from '@lightspeed/control/quic'
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic'
import type { RegisteredSession } from './registrants.ts'

/** With which node, and with what. */
export interface RegistrantPlan {
  readonly host: string
  readonly port: number
  /** The node's pin. */
  readonly sha256: Uint8Array
  readonly ticket?: Uint8Array | undefined
  /** For the connection; the node then has as much again to answer. */
  readonly timeoutMs: number
}

/** A client that registers, and does nothing else. */
export class Registrant {
  readonly session: RegisteredSession
  readonly #connection: ControlConnection
  readonly #stream: ControlStream

  private constructor(session: RegisteredSession, connection: ControlConnection, stream: ControlStream) {
    this.session = session
    this.#connection = connection
    this.#stream = stream
  }

  /** Resolves when the node has acknowledged the registration; rejects if it refuses, or says nothing in time. */
  static async register({ host, port, sha256, ticket, timeoutMs }: RegistrantPlan): Promise<Registrant> {
    const connection = await connectControl({ host, port, verify: { kind: 'pin', sha256 }, timeoutMs })
    const late = setTimeout(() => void connection.close(), timeoutMs)
    try {
      const stream = connection.openStream()
      const extensions = ticket === undefined ? [] : [ticketExtension.encode(ticket)]
      await stream.send({ type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'lab', extensions }, 'standard')
      stream.dialect = 'standard'
      for await (const message of stream.messages()) {
        if (message.type === 'register_ack') {
          const { sessionId, token } = message
          const secret = sessionSecretExtension.find(message.extensions)
          if (secret === undefined) throw new Error('the node has given no secret')
          return new Registrant({ sessionId, token, secret }, connection, stream)
        }
        if (message.type === 'disconnect') throw new Error(`refused: ${message.reason}`)
      }
      throw new Error('the node said nothing')
    } finally {
      clearTimeout(late)
    }
  }

  /** Ends the registration as a client does. */
  async leave(): Promise<void> {
    await this.#stream.send({ type: 'disconnect', reason: 'normal' }, 'standard')
    this.#stream.end()
    await this.#connection.whenClosed
  }

  /** Closes the control connection and says nothing about it: the session goes on as long as the node gives it grace. */
  async hangUp(): Promise<void> {
    await this.#connection.close(CloseCode.normal, 'done')
  }
}
