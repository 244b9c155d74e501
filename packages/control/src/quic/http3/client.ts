import { setImmediate } from 'node:timers/promises';
import { connectQuic } from '@currentspace/http3';
import type { QuicClientSession } from '@currentspace/http3';
import type { SocketAddress } from '@lightspeed/wire';
import type { Dialing, QuicRuntime, TransportClose } from '../transport/transport.ts';
import type { ClientOptions } from './client-options.ts';
import { withPrivateFolder } from './private-folder.ts';
import { libraryMode, nativeFault, nativeRuntime } from './runtime.ts';
import { LibraryTransport } from './library-transport.ts';
import { startWasmConnection } from './wasm-connection.ts';

/** Starts a QUIC connection, natively or by WebAssembly as `mode` asks. @throws {QuicError} if native code is asked for and cannot run */
export async function dial(options: ClientOptions): Promise<Dialing> {
  const fault = options.mode === 'wasm' ? undefined : nativeFault();
  if (fault !== undefined && options.mode !== 'auto') throw fault;
  if (options.mode === 'wasm' || fault !== undefined) {
    const { connection, opened, driver } = startWasmConnection(options);
    return follow(connection, options.address, opened, () => ({ mode: 'wasm', driver, fellBack: fault?.message }));
  }
  const mode = libraryMode(options.mode);
  const begin = (): Dialing => {
    const connection = open(options, mode);
    return follow(connection, options.address, Promise.resolve(), () => nativeRuntime(connection.runtimeInfo));
  };
  if (options.authoritiesPem === undefined) return begin();
  return withPrivateFolder([], async () => {
    const dialing = begin();
    // The authorities go through a file within this turn of the event loop.
    await setImmediate();
    return dialing;
  });
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

function follow(connection: QuicClientSession, address: SocketAddress, opened: Promise<void>, runtime: () => QuicRuntime): Dialing {
  let close: TransportClose | undefined;
  connection.once('close', ({ errorCode, reason }: { errorCode: number; reason: string }) => {
    close = { code: errorCode, reason };
  });
  connection.on('error', () => undefined);
  const resumption = new Promise<Uint8Array>((resolve) => {
    connection.once('sessionTicket', resolve);
  });
  const ready = Promise.all([opened, connection.ready()]).then(() => undefined);
  ready.catch(() => undefined);
  return { transport: new LibraryTransport(connection, address), ready, resumption, closed: () => close, runtime };
}
