/**
 * Control messages over QUIC: {@link listenControl} for a node, {@link connectControl} for a client. A connection has many
 * streams, a stream many messages; what a peer may cost is bounded before anything is read from it. Beside that, who a node
 * is: {@link loadOrCreateIdentity}, {@link pinOf}, {@link loadKnownNodes}.
 *
 * Needs Node and the package `@currentspace/http3`, of which only `http3/` knows.
 *
 * @module
 */
export { CloseCode, describeCloseCode, StreamCode } from './codes.ts';
export { connectControl } from './connect.ts';
export type { ConnectOptions } from './connect.ts';
export { CONTROL_ALPN } from './connection.ts';
export type { ConnectionClosed, ControlConnection, Farewell } from './connection.ts';
export { quicAvailability } from './availability.ts';
export type { QuicMode, QuicRuntime } from './transport/transport.ts';
export { loadIdentity, loadOrCreateIdentity } from './identity.ts';
export type { NodeIdentity } from './identity.ts';
export { loadKnownNodes } from './known-nodes.ts';
export type { KnownNodes } from './known-nodes.ts';
export type { ConnectionLimits } from './limits.ts';
export { listenControl } from './listener.ts';
export type { CertificateAndKey, ControlListener, ListenOptions } from './listen-options.ts';
export { localHosts } from './local-hosts.ts';
export type { ListenerCounters } from './listener-counters.ts';
export { makeCertificate, NODE_SERVER_NAME } from './make-certificate.ts';
export { formatPin, parsePin, PIN_BYTES, pinOf } from './pin.ts';
export { replaceFile } from './replace-file.ts';
export { QuicError } from './transport/quic-error.ts';
export type { QuicErrorCode } from './transport/quic-error.ts';
export { SHORT_INITIALS_FILTER } from './short-initials.ts';
export type { ControlStream } from './stream.ts';
export type { Verification } from './verification.ts';
