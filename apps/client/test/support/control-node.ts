import { randomBytes, randomInt } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { hmacSha256 } from '@lightspeed/security/node';
import {
  capabilitiesExtension,
  dataAddressExtension,
  drainingExtension,
  egressAddressExtension,
  keepaliveIntervalExtension,
  observedAddressExtension,
  observedAddressV6Extension,
  reasonTextExtension,
  refusalCodeExtension,
  resumeExtension,
  resumeMessage,
  sessionSecretExtension,
} from '@lightspeed/control';
import type { Extension, OutgoingMessage, Register } from '@lightspeed/control';
import { CloseCode, listenControl, makeCertificate, pinOf, QuicError } from '@lightspeed/control/quic';
import type { CertificateAndKey, ControlConnection, ControlListener, ControlStream } from '@lightspeed/control/quic';
import type { NodeSettings, RegisterSettings } from '@lightspeed/client';
import type { RelayOptions } from '@lightspeed/session';
import { formatSocketAddress } from '@lightspeed/wire';
import { grantedTo } from './control-behaviour.ts';
import type { Behaviour } from './control-behaviour.ts';
import { LOOPBACK, TestNode } from './test-node.ts';

interface Given {
  readonly token: number;
  readonly secret: Uint8Array;
  readonly nonces: Set<bigint>;
}

/** Where a node's planes are bound. */
export interface Where {
  readonly control?: '127.0.0.1' | '::1';
  readonly data?: '127.0.0.1' | '::1' | '::';
}

/** A relay node with a control plane on loopback, whose registrations are let in. */
export class ControlNode {
  readonly data: TestNode;
  readonly behaviour: Behaviour = {};
  readonly registers: Register[] = [];
  readonly resumed: number[] = [];
  /** Pings that have come. */
  pings = 0;
  readonly connections = new Set<ControlConnection>();
  readonly certificate: CertificateAndKey;
  readonly #host: '127.0.0.1' | '::1';
  readonly #sessions = new Map<number, Given>();
  /** Whether its data plane lets others through than the servers to which clients have sent. */
  #anySource = false;
  #listener: ControlListener | undefined;
  #streams = new Set<ControlStream>();
  /** The stream of each session that is registered now. */
  readonly #streamOf = new Map<number, ControlStream>();
  /** Sessions whose packets are to have tags. */
  readonly tagged = new Set<number>();
  /** Session ids of Tags messages of clients. */
  readonly reports: number[] = [];

  private constructor(data: TestNode, certificate: CertificateAndKey, host: '127.0.0.1' | '::1') {
    this.#host = host;
    this.data = data;
    data.onTagging = (sessionId) => {
      this.tagged.add(sessionId);
      void this.say(sessionId, { type: 'tags', sessionId });
    };
    this.certificate = certificate;
  }

  static async start(options: Partial<RelayOptions> = {}, certificate?: CertificateAndKey, where: Where = {}): Promise<ControlNode> {
    const data = await TestNode.start({ admission: 'registered', ...options }, 0, where.data);
    const node = new ControlNode(data, certificate ?? (await makeCertificate()), where.control ?? '127.0.0.1');
    node.#anySource = options.egressFiltering === 'endpoint-independent';
    await node.listen(0);
    return node;
  }

  async listen(port: number): Promise<void> {
    this.#listener = await listenControl({
      bind: { host: this.#host, port },
      ...this.certificate,
      onConnection: (connection) => void this.#serve(connection),
    });
  }

  get port(): number {
    if (this.#listener === undefined) throw new Error('not listening');
    return this.#listener.endpoint.port;
  }

  get name(): string {
    return formatSocketAddress({ host: this.#host, port: this.port });
  }

  get pin(): Uint8Array {
    return pinOf(this.certificate.certificatePem);
  }

  /** How a client reaches it. */
  get settings(): NodeSettings {
    return { host: this.#host, port: this.port, verify: { kind: 'pin', sha256: this.pin } };
  }

  get sessionIds(): number[] {
    return [...this.#sessions.keys()];
  }

  /** Closes all control connections, as a network that breaks would in the end. */
  async cut(): Promise<void> {
    await Promise.all([...this.connections].map((connection) => connection.close()));
  }

  /** Goes on with another certificate, as a node does whose files were replaced. */
  async replaceCertificate(certificate: CertificateAndKey): Promise<void> {
    await this.#listener?.replaceCertificate(certificate);
  }

  /** Forgets all sessions, as a restart without state does. */
  forget(): void {
    for (const id of this.#sessions.keys()) this.data.relay.unregister(id);
    this.#sessions.clear();
  }

  /** Tells all clients that their registrations are over, as a node does whose list of revoked tickets has changed; its FINs come later. */
  async dismissAll(code: string): Promise<void> {
    this.behaviour.refuse = () => ({ reason: 'auth_failed', text: `the ticket is ${code}`, code });
    for (const stream of this.#streams) {
      await stream.send({ type: 'disconnect', reason: 'auth_failed', extensions: wordsOf({ text: `the ticket is ${code}`, code }) });
    }
  }

  async drain(ms: number): Promise<void> {
    for (const stream of this.#streams) await this.#info(stream, [drainingExtension.encode(ms)]);
  }

  async stopControl(code: number = CloseCode.serverShutdown): Promise<void> {
    await this.#listener?.close(code);
    this.#listener = undefined;
  }

  /** Closes its control port as a node does that restarts and keeps its sessions. @returns what opens it again. */
  async restartControl(): Promise<() => Promise<void>> {
    const { port } = this;
    await this.stopControl(CloseCode.nodeRestarts);
    return () => this.#listenAgain(port);
  }

  /** The kernel may hold the port for some milliseconds. */
  async #listenAgain(port: number): Promise<void> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      try {
        return await this.listen(port);
      } catch (thrown) {
        if (!(thrown instanceof QuicError) || performance.now() > deadline) throw thrown;
        await setImmediate();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopControl();
    await this.data.kill();
  }

  async #serve(connection: ControlConnection): Promise<void> {
    this.connections.add(connection);
    void connection.whenClosed.then(() => this.connections.delete(connection));
    for await (const stream of connection.streams()) void this.#talk(connection, stream);
  }

  async #talk(connection: ControlConnection, stream: ControlStream): Promise<void> {
    let sessionId = -1;
    try {
      for await (const message of stream.messages()) {
        if (message.type === 'register') {
          this.registers.push(message);
          const refusal = this.behaviour.refuse?.(message);
          if (refusal === undefined) sessionId = await this.#register(connection, stream, message);
          else {
            await connection.closeAfter({ type: 'disconnect', reason: refusal.reason, extensions: wordsOf(refusal) });
          }
        } else if (message.type === 'ping') {
          this.pings++;
          if (this.behaviour.mute === true) continue;
          const serverTimestampUs = BigInt(Date.now() + (this.behaviour.clockAheadMs ?? 0)) * 1_000n;
          await stream.send({ type: 'pong', echoedTimestampUs: message.timestampUs, serverTimestampUs });
        } else if (message.type === 'tags') {
          this.reports.push(message.sessionId);
          this.data.relay.tag(message.sessionId);
        } else if (message.type === 'disconnect') {
          this.#sessions.delete(sessionId);
          this.data.relay.unregister(sessionId);
          await connection.close();
        }
      }
    } catch (thrown) {
      if (!(thrown instanceof QuicError)) throw thrown;
    } finally {
      this.#streams.delete(stream);
    }
  }

  async #register(connection: ControlConnection, stream: ControlStream, register: Register): Promise<number> {
    const sessionId = this.#resumable(register) ?? this.#newSession(register);
    const { token, secret } = this.#sessions.get(sessionId) ?? { token: 0, secret: new Uint8Array(16) };
    const extensions = [
      ...(this.behaviour.bare === true ? [] : [sessionSecretExtension.encode(secret)]),
      ...(this.behaviour.dataAddresses ?? [dataAddressExtension.encode({ ip: 0, port: this.data.address.port })]),
      keepaliveIntervalExtension.encode(500),
      this.#host === '::1'
        ? observedAddressV6Extension.encode(connection.peer)
        : observedAddressExtension.encode({ ip: LOOPBACK, port: connection.peer.port }),
      egressAddressExtension.encode({ ip: 0xcb00_7105, port: 0 }),
      capabilitiesExtension.encode(grantedTo(register, this.#anySource)),
    ];
    await stream.send({ type: 'register_ack', sessionId, token, nodeId: 'node-1', region: 'test', extensions });
    this.#streams.add(stream);
    this.#streamOf.set(sessionId, stream);
    await this.#info(stream, []);
    if (this.tagged.has(sessionId)) await this.say(sessionId, { type: 'tags', sessionId });
    return sessionId;
  }

  /** Tells the client of a session something. */
  async say(sessionId: number, message: OutgoingMessage): Promise<void> {
    const sent = this.#streamOf.get(sessionId)?.send(message);
    await sent?.catch(() => undefined);
  }

  #newSession(register: Register): number {
    const sessionId = randomInt(2 ** 32);
    const given = { token: 1 + (this.#sessions.size % 255), secret: randomBytes(16), nonces: new Set<bigint>() };
    this.#sessions.set(sessionId, given);
    const { token, secret } = given;
    // ::1 has eight bytes of zeros in front.
    const prefixLow = this.#host === '::1' ? 0 : LOOPBACK;
    this.data.relay.register({
      sessionId,
      prefixHigh: 0,
      prefixLow,
      token,
      dialect: register.dialect,
      secret,
      capabilities: grantedTo(register, this.#anySource),
    });
    return sessionId;
  }

  #resumable(register: Register): number | undefined {
    if (register.dialect !== 'standard') return undefined;
    const claim = resumeExtension.find(register.extensions);
    const given = claim && this.#sessions.get(claim.sessionId);
    if (claim === undefined || given === undefined || given.nonces.has(claim.nonce)) return undefined;
    const { sessionId, nonce, tag } = claim;
    if (Buffer.compare(hmacSha256(given.secret, resumeMessage(sessionId, nonce)).subarray(0, 16), tag) !== 0) return undefined;
    given.nonces.add(nonce);
    this.resumed.push(sessionId);
    return sessionId;
  }

  async #info(stream: ControlStream, extensions: { id: number; value: Uint8Array }[]): Promise<void> {
    if (stream.dialect === 'reference') {
      await stream.send({ type: 'server_info', dialect: 'reference', loadPercent: 7, activeSessions: 1, capacity: 9 });
      return;
    }
    await stream.send({
      type: 'server_info',
      dialect: 'standard',
      nodeId: 'node-1',
      region: 'test',
      loadPercent: 7,
      version: '9.9.9',
      extensions,
    });
  }
}

function wordsOf({ text, code }: { text?: string; code?: string }): Extension[] {
  const words = text === undefined ? [] : [reasonTextExtension.encode(text)];
  return code === undefined ? words : [...words, refusalCodeExtension.encode(code)];
}

/** Registration with these nodes. */
export function withNodes(nodes: readonly ControlNode[], more: Partial<RegisterSettings> = {}): RegisterSettings {
  return { nodes: nodes.map(({ settings }) => settings), ...more };
}
