import {
  Capability,
  RESUME_TAG_BYTES,
  capabilitiesExtension,
  protectionExtension,
  reasonTextExtension,
  resumeExtension,
  resumeMessage,
  ticketExtension,
} from '@lightspeed/control';
import type { ControlMessage, Disconnect, Extension, OutgoingMessage, RegisterAck } from '@lightspeed/control';
import { CloseCode, describeCloseCode, QuicError } from '@lightspeed/control/quic';
import type { ConnectionClosed, ConnectOptions, ControlConnection, ControlStream, Verification } from '@lightspeed/control/quic';
import { hmacSha256 } from '@lightspeed/security/node';
import { ClientError } from '../base/errors.ts';
import { familyOf } from '../settings/addresses.ts';
import { VERSION } from '../base/version.ts';
import { printable } from '../base/printable.ts';
import { RefusedError } from './refusal.ts';
import { isAboutIdentity, reachNode, resolveNode } from './reach-node.ts';
import type { HostAddresses } from './reach-node.ts';
import { sessionOf } from './registered-session.ts';
import type { EarlierSession, ReachedNode, RegisteredSession } from './registered-session.ts';
import type { ParsedNodeSettings, ParsedRegisterSettings } from '../settings/register-settings.ts';

const CONNECT_MS = 5_000;
const ANSWER_MS = 5_000;

/** A control connection whose Register was acknowledged. */
export interface RegisteredConnection {
  readonly connection: ControlConnection;
  readonly stream: ControlStream;
  readonly session: RegisteredSession;
  /** Answers a Ping of the node. */
  readonly answer: (echoedTimestampUs: bigint, serverTimestampUs: bigint) => void;
  /** Gives the messages that come from now on, and those that have come since the acknowledgement, to `take`. */
  readonly read: (take: (message: ControlMessage) => void) => void;
}

/**
 * Connects with a node and registers (docs/protocol.md, Control plane).
 *
 * @param before a session to ask for again.
 * @throws {ClientError} (rejection) `ERR_CLIENT_NODE_IDENTITY`; `ERR_CLIENT_REGISTER` with what the node says, if it says
 * something.
 */
export async function register(
  node: ParsedNodeSettings,
  verify: Verification,
  settings: ParsedRegisterSettings,
  before: EarlierSession | undefined,
  signal: AbortSignal,
): Promise<RegisteredConnection> {
  const { host, port, name } = node;
  // Whoever has the connection keeps it alive, by {@link ControlPings}.
  const how = { host, port, verify, mode: settings.quic, timeoutMs: CONNECT_MS, keepaliveMs: 0, signal };
  const addresses = node.addresses ?? (await resolveNode(host, CONNECT_MS, name));
  const connection = await connect(how, addresses, name);
  try {
    const stream = connection.openStream();
    const inbox = new Inbox(connection, stream);
    await stream.send(registerMessage(settings, node.ticket, before), settings.dialect);
    stream.dialect = settings.dialect;
    const ack = await acknowledgement(inbox, connection, name, node.ticket, signal);
    const session = sessionOf(ack, reachedNode(connection.peer.host, addresses, node.dataPort), settings.protection, before);
    const answer = (echoedTimestampUs: bigint, serverTimestampUs: bigint) => {
      stream.send({ type: 'pong', echoedTimestampUs, serverTimestampUs }, settings.dialect).catch(() => undefined);
    };
    return { connection, stream, session, answer, read: (take) => inbox.read(take) };
  } catch (thrown) {
    void connection.close().catch(() => undefined);
    if (!(thrown instanceof QuicError)) throw thrown;
    throw new ClientError('ERR_CLIENT_REGISTER', aboutNode(name, thrown.message), { cause: thrown });
  }
}

/** The address by which it was reached is the node's for sure, whatever else its name stands for. */
function reachedNode(host: string, addresses: HostAddresses, dataPort: number): ReachedNode {
  return { ...addresses, [familyOf(host) ?? 'ipv4']: host, host, dataPort };
}

async function connect(options: ConnectOptions, addresses: HostAddresses, name: string): Promise<ControlConnection> {
  try {
    return await reachNode(options, addresses);
  } catch (thrown) {
    if (!(thrown instanceof QuicError)) throw thrown;
    const identity = isAboutIdentity(thrown);
    const other = thrown.code === 'ERR_QUIC_RESOLVE' ? 'ERR_CLIENT_RESOLVE' : 'ERR_CLIENT_REGISTER';
    const code = identity ? 'ERR_CLIENT_NODE_IDENTITY' : other;
    throw new ClientError(code, `${aboutNode(name, thrown.message)}${adviceFor(thrown, options.host)}`, {
      cause: thrown,
      mayPass: other === 'ERR_CLIENT_RESOLVE' || thrown.code === 'ERR_QUIC_CONNECT_TIMEOUT',
    });
  }
}

/** A message that says once which node it is about. */
function aboutNode(name: string, message: string): string {
  const text = printable(message);
  return text.includes(name) ? text.replace(name, `node ${name}`) : `node ${name}: ${text}`;
}

function adviceFor({ code }: QuicError, host: string): string {
  if (code === 'ERR_QUIC_CERTIFICATE_REFUSED') {
    return '; if the node made its certificate itself, give its pin with --pin: the node logs it at its start, as "pin" in the line "node serves", and its operator knows it';
  }
  if (code === 'ERR_QUIC_PIN_CHANGED') return '; if it was the operator, take the node’s line out of the file of known nodes';
  if (code === 'ERR_QUIC_ALPN')
    return '; a node of the older reference implementation registers nobody from here: use its data port with --no-register --dialect reference';
  if (code === 'ERR_QUIC_CONNECT_TIMEOUT' || code === 'ERR_QUIC_CONNECT_REFUSED') {
    const link = host.includes('%') ? ` does interface ${host.replace(/^.*%/, '')} lead to it,` : '';
    return `;${link} is the node running, is that its control port, and do firewalls let UDP through?`;
  }
  return '';
}

function registerMessage(
  { anySource, dialect, gameId, protection }: ParsedRegisterSettings,
  ticket: Uint8Array | undefined,
  before: EarlierSession | undefined,
): OutgoingMessage {
  if (dialect === 'reference') return { type: 'register', dialect, protocolVersion: 1, gameId };
  const known = Capability.challenge | Capability.tags | Capability.reports | Capability.probes;
  const asked = known | (anySource ? Capability.anySource : 0);
  const extensions = [capabilitiesExtension.encode(asked)];
  if (protection !== undefined) extensions.push(protectionExtension.encode(protection));
  if (ticket !== undefined) extensions.push(ticketExtension.encode(ticket));
  if (before?.secret !== undefined) extensions.push(resumption(before.sessionId, before.secret, before.nonces));
  return { type: 'register', dialect, gameId, clientVersion: `lightspeed/${VERSION}`, extensions };
}

/** Asks for the session that the node gave before, and proves that it is ours. */
function resumption(sessionId: number, secret: Uint8Array, nonces: SharedArrayBuffer): Extension {
  const nonce = Atomics.add(new BigUint64Array(nonces), 0, 1n);
  const tag = hmacSha256(secret, resumeMessage(sessionId, nonce)).subarray(0, RESUME_TAG_BYTES);
  return resumeExtension.encode({ sessionId, nonce, tag });
}

function acknowledgement(
  inbox: Inbox,
  connection: ControlConnection,
  name: string,
  ticket: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<RegisterAck> {
  return new Promise((resolve, reject) => {
    const fail = (error: ClientError) => {
      clearTimeout(timer);
      reject(error);
    };
    const failWith = (why: string) => fail(new ClientError('ERR_CLIENT_REGISTER', `node ${name} ${why}`));
    const timer = setTimeout(() => failWith(`did not answer the registration within ${ANSWER_MS / 1_000} s`), ANSWER_MS);
    signal.addEventListener('abort', () => failWith('was given up'), { once: true });
    inbox.read((message) => {
      if (message.type === 'register_ack') {
        clearTimeout(timer);
        inbox.pause();
        resolve(message);
      } else if (message.type === 'disconnect') {
        fail(RefusedError.of(`node ${name} refuses the registration: ${disconnectText(message)}`, message, ticket));
      }
    });
    void connection.whenClosed.then((closed) => {
      const reason = closed.by === 'peer' && closed.code === CloseCode.serverShutdown ? 'server_shutdown' : 'normal';
      fail(RefusedError.of(`node ${name} refuses the registration: ${closeText(closed)}`, { reason }));
    });
  });
}

/** Why a node ends a registration, in its own words if it has any; safe to print. */
export function disconnectText({ reason, extensions }: Disconnect): string {
  const text = reasonTextExtension.find(extensions);
  const name = typeof reason === 'number' ? `reason ${reason}` : reason.replaceAll('_', ' ');
  return text === undefined || text === '' ? name : `${printable(text)} (${name})`;
}

/** How a control connection ended; safe to print. */
export function closeText({ by, code, reason }: ConnectionClosed): string {
  if (by === 'idle timeout') return 'the control connection fell silent';
  return `the control connection was closed with ${describeCloseCode(code)} ${printable(reason)}`.trimEnd();
}

/**
 * The messages of a connection in the order in which they come, on any stream. A node may say goodbye on a stream of
 * its own.
 */
class Inbox {
  readonly #waiting: ControlMessage[] = [];
  #take: ((message: ControlMessage) => void) | undefined;

  constructor(connection: ControlConnection, stream: ControlStream) {
    void this.#pump(stream);
    void this.#pumpStreams(connection);
  }

  read(take: (message: ControlMessage) => void): void {
    this.#take = take;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) take(next);
  }

  pause(): void {
    this.#take = undefined;
  }

  async #pumpStreams(connection: ControlConnection): Promise<void> {
    for await (const stream of connection.streams()) void this.#pump(stream);
  }

  async #pump(stream: ControlStream): Promise<void> {
    try {
      for await (const message of stream.messages()) {
        if (message.type === 'refused') return;
        if (this.#take === undefined) this.#waiting.push(message);
        else this.#take(message);
      }
    } catch (thrown) {
      // The stream or its connection has ended; the connection says so itself.
      if (!(thrown instanceof QuicError)) throw thrown;
    }
  }
}
