import { setImmediate } from 'node:timers/promises';
import { connectQuic } from '@currentspace/http3';
import type { QuicClientSession } from '@currentspace/http3';
import type { Endpoint } from '../endpoint.ts';
import type { ConnectionTransport, TransportClose } from '../transport.ts';
import { withPrivateFolder } from './private-folder.ts';
import { libraryMode, nativeFault, nativeRuntime } from './runtime.ts';
import type { QuicMode, QuicRuntime } from './runtime.ts';
import { SessionTransport } from './session-transport.ts';
import { startWasmSession } from './wasm-session.ts';

export interface ClientOptions {
  /** Address and port; a name is resolved before. */
  readonly address: Endpoint;
  /** What is sent as SNI, and what a certificate must carry when an authority is named. */
  readonly serverName: string;
  readonly alpn: string;
  /** PEM of the authorities that the certificate must lead to; undefined: the library lets every certificate pass. */
  readonly authoritiesPem: string | undefined;
  readonly mode: QuicMode;
  readonly idleTimeoutMs: number;
  readonly maxStreams: number;
  readonly maxStreamBytes: number;
}

/** A connection whose handshake may not have ended yet. */
export interface Dialing {
  readonly transport: ConnectionTransport;
  /** Rejects when the handshake fails. Has no time limit of its own. */
  readonly ready: Promise<void>;
  /** The resumption state of the TLS session, see `session-ticket.ts`. May never resolve. */
  readonly ticket: Promise<Uint8Array>;
  /** Set once the connection has ended. */
  readonly closed: () => TransportClose | undefined;
  readonly runtime: () => QuicRuntime;
}

export async function dial(options: ClientOptions): Promise<Dialing> {
  const fault = options.mode === 'wasm' ? undefined : nativeFault();
  if (fault !== undefined && options.mode !== 'auto') throw fault;
  if (options.mode === 'wasm' || fault !== undefined) {
    const { session, opened, driver } = startWasmSession(options);
    return follow(session, options.address, opened, () => ({ mode: 'wasm', driver, fellBack: fault?.message }));
  }
  const mode = libraryMode(options.mode);
  const session = options.authoritiesPem === undefined ? open(options, mode) : await openPrivately(options, mode);
  return follow(session, options.address, Promise.resolve(), () => nativeRuntime(session.runtimeInfo));
}

function open(options: ClientOptions, runtimeMode: 'auto' | 'fast' | 'portable'): QuicClientSession {
  const { authoritiesPem, address, serverName } = options;
  return connectQuic(
    { address: address.host, port: address.port, servername: serverName },
    {
      runtimeMode,
      alpn: [options.alpn],
      rejectUnauthorized: authoritiesPem !== undefined,
      ...(authoritiesPem === undefined ? {} : { ca: authoritiesPem }),
      maxIdleTimeoutMs: options.idleTimeoutMs,
      initialMaxStreamsBidi: options.maxStreams,
      initialMaxStreamDataBidiLocal: options.maxStreamBytes,
      initialMaxData: options.maxStreams * options.maxStreamBytes,
      connectTimeoutMs: 0,
    },
  );
}

/** The authorities go through a temporary file, in the same turn of the event loop. */
function openPrivately(options: ClientOptions, mode: 'auto' | 'fast' | 'portable'): Promise<QuicClientSession> {
  return withPrivateFolder(async () => {
    const session = open(options, mode);
    session.on('error', () => undefined);
    session.ready().catch(() => undefined);
    await setImmediate();
    return session;
  });
}

function follow(
  session: QuicClientSession,
  address: Endpoint,
  opened: Promise<void>,
  runtime: () => QuicRuntime,
): Dialing {
  let close: TransportClose | undefined;
  session.once('close', ({ errorCode, reason }: { errorCode: number; reason: string }) => {
    close = { code: errorCode, reason };
  });
  session.on('error', () => undefined);
  const ticket = new Promise<Uint8Array>((resolve) => {
    session.once('sessionTicket', resolve);
  });
  const ready = Promise.all([opened, session.ready()]).then(() => undefined);
  ready.catch(() => undefined);
  return { transport: new SessionTransport(session, address), ready, ticket, closed: () => close, runtime };
}

