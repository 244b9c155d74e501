import { createQuicServer } from '@currentspace/http3';
import type { QuicServerSession } from '@currentspace/http3';
import { formatSocketAddress } from '@lightspeed/wire';
import { QuicError, reasonOf } from '../transport/quic-error.ts';
import type { QuicMode, Server, ServerOptions } from '../transport/transport.ts';
import { watchFailedHandshakes } from './failed-handshakes.ts';
import { peerAddress } from './peer-address.ts';
import { withPrivateFolder } from './private-folder.ts';
import { libraryMode, nativeFault, nativeRuntime } from './runtime.ts';
import { ServerTransport } from './server-transport.ts';
import { LibraryTransport } from './library-transport.ts';

/** What the QUIC library's server needs besides its address and certificate. */
export interface LibraryServerOptions extends ServerOptions {
  readonly alpn: string;
  readonly mode: QuicMode;
  readonly maxStreamBytes: number;
  /** Answer a first packet with a Retry (RFC 9000, section 8.1.2), so that nothing is kept for an address that does not answer. */
  readonly validateAddresses: boolean;
  /** See {@link withPrivateFolder}. */
  readonly temporaryFolders: readonly string[];
}

/** @throws {QuicError} `ERR_QUIC_LISTEN` or `ERR_QUIC_UNAVAILABLE` */
export async function startServer(options: LibraryServerOptions): Promise<Server> {
  if (options.mode === 'wasm') {
    // A handshake that fails ends the whole instance in that form: any stranger could close every connection.
    throw new QuicError('ERR_QUIC_UNAVAILABLE', 'a listener needs native QUIC: the wasm form can be brought down by a single peer');
  }
  const fault = nativeFault();
  if (fault !== undefined) throw fault;

  const server = createQuicServer({
    key: options.privateKeyPem,
    cert: options.certificatePem,
    alpn: [options.alpn],
    runtimeMode: libraryMode(options.mode),
    maxIdleTimeoutMs: options.idleTimeoutMs,
    maxConnections: options.maxConnections,
    initialMaxStreamsBidi: options.maxStreams,
    initialMaxStreamDataBidiLocal: options.maxStreamBytes,
    initialMaxData: options.maxStreams * options.maxStreamBytes,
    disableRetry: !options.validateAddresses,
  });
  server.on('error', options.onError);
  watchFailedHandshakes(server, options.onFailedHandshake);
  let local = options.bind;
  server.on('session', (connection: QuicServerSession) => {
    const peer = peerAddress(connection.remoteAddress, connection.remotePort);
    options.onConnection(new ServerTransport(new LibraryTransport(connection, peer, local)));
  });
  try {
    const { address, port } = await withPrivateFolder(options.temporaryFolders, () => server.listen(options.bind.port, options.bind.host));
    local = { host: options.bind.host, port };
    return {
      endpoint: { host: address, port },
      runtime: nativeRuntime(server.runtimeInfo),
      close: () => server.close(),
    };
  } catch (thrown) {
    throw new QuicError('ERR_QUIC_LISTEN', `cannot listen for QUIC on ${formatSocketAddress(options.bind)}: ${reasonOf(thrown)}`, {
      cause: thrown,
    });
  }
}
