import type { SocketAddress } from '@lightspeed/wire';
import type { ControlConnection } from './connection.ts';
import type { QuicMode, QuicRuntime } from './transport/transport.ts';
import type { ConnectionLimits } from './limits.ts';
import type { ListenerCounters } from './listener-counters.ts';

/** A certificate (leaf first, its chain after it) and its key. */
export interface CertificateAndKey {
  readonly certificatePem: string;
  /** PKCS #8 or SEC 1, not encrypted. */
  readonly privateKeyPem: string;
}

/** Where a node listens, with which certificate, and within which limits. */
export interface ListenOptions extends CertificateAndKey {
  /**
   * An address, not a name; port 0 takes any free port. `0.0.0.0` is every IPv4 address of the machine, `::` every address of
   * both families; a client is answered from the address that it spoke to.
   */
  readonly bind: SocketAddress;
  /** The machine's addresses at the start, for a `bind` to all of them; see `setLocalHosts`. Default: as the system says. */
  readonly localHosts?: readonly string[];
  /**
   * Called for every connection whose handshake is over, before anything that the peer sent is handed out; a promise is
   * waited for. A connection
   * whose handler throws or rejects is closed; that a stream was reset or the connection ended is no fault of a handler.
   */
  readonly onConnection: (connection: ControlConnection) => unknown;
  /**
   * An address and port were bound, the first time or again: for a filter of what their socket takes, see
   * {@link SHORT_INITIALS_FILTER}. Must not throw.
   */
  readonly onBound?: (local: SocketAddress) => void;
  /** What else `onConnection` threw, and what the library reports. Default: nothing happens. */
  readonly onError?: (error: unknown) => void;
  /**
   * A handshake failed, some seconds ago maybe. `code` is how QUIC ended it, see {@link describeCloseCode}; 0x178 is a peer
   * that named no application protocol, or none that is spoken here.
   */
  readonly onFailedHandshake?: (peer: SocketAddress, code: number) => void;
  /** Default `auto`: native, else portable. The wasm form cannot listen. */
  readonly mode?: QuicMode;
  /** Default 1,024. */
  readonly maxConnections?: number;
  /** Of one IPv4 address, or of one IPv6 network of 64 bits. Default 32. */
  readonly maxConnectionsPerAddress?: number;
  /** Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** A PING to every client every so often. Default 0: none, that is the clients' part. */
  readonly keepaliveMs?: number;
  /** Whether an address has to answer before anything is kept for it, which costs a round trip. Default true. */
  readonly validateAddresses?: boolean;
  readonly limits?: Partial<ConnectionLimits>;
  /**
   * Folders of the caller's, such as its state folder. While the port is opened, a file that only this user can read is made
   * in the first of them that takes it. Default: none besides the system's folder for temporary files, $XDG_RUNTIME_DIR and
   * $STATE_DIRECTORY, which are tried first.
   */
  readonly temporaryFolders?: readonly string[];
}

/** A node's control plane while it listens. */
export interface ControlListener {
  /** What was bound, with the port that it has. */
  readonly endpoint: SocketAddress;
  /** The addresses that it listens on now: one, or those of the machine. */
  readonly hosts: readonly string[];
  readonly runtime: QuicRuntime;
  /** The pin of the certificate in use. */
  readonly pin: Uint8Array;
  readonly connections: number;
  readonly counters: ListenerCounters;
  /**
   * Says which addresses the machine has now. A listener that is bound to all of them begins to listen on new ones, and
   * ends on those that are gone, with their connections. The others do not notice. An address that cannot be bound yet is
   * tried again at the next call. Does nothing for a listener that is bound to one address.
   */
  setLocalHosts(hosts: readonly string[]): Promise<void>;
  /**
   * Goes on with another certificate: closes every connection with `CloseCode.certificateReplaced`, upon which clients
   * connect again, and listens on the same port anew, some milliseconds later. A certificate that cannot be used
   * changes nothing.
   *
   * @throws {QuicError} `ERR_QUIC_LISTEN`, `ERR_QUIC_CLOSED`
   */
  replaceCertificate(certificate: CertificateAndKey): Promise<void>;
  /** Closes every connection, by default with `CloseCode.serverShutdown`, and the port. */
  close(code?: number, reason?: string): Promise<void>;
  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
