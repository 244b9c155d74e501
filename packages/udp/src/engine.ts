import type { PacketArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Microseconds, Milliseconds, Port, RoleArray } from '@lightspeed/wire';
import type { UdpCounters } from './counters.ts';

/** `batch`: Linux system calls for many datagrams at once. `portable`: node:dgram, anywhere that Node runs. */
export type EngineKind = 'batch' | 'portable';

/** What {@link DatagramHandler.onDatagrams} reads: entries `0 .. count-1` describe the datagrams of that call. */
export interface ReceivedBatch {
  /** Where each payload starts in `arena.bytes`, with at least `HEADROOM_BYTES` (@lightspeed/memory) of free bytes before it. */
  readonly offsets: RoleArray<ArenaOffset>;
  readonly lengths: RoleArray<ByteLength>;
  /**
   * Senders' addresses as handles of `engine.addresses`: of IPv4, int32 bit patterns in host order (a.b.c.d is
   * `a<<24 | b<<16 | c<<8 | d`). Retain a handle of IPv6 to keep it for longer than the call.
   */
  readonly ips: RoleArray<AddressHandle>;
  readonly ports: RoleArray<Port>;
  /**
   * Local addresses that the datagrams came to, as handles, or their original destinations, where the socket was opened
   * to tell (`localAddresses`, `originalDestinations`); 0 otherwise.
   */
  readonly locals: RoleArray<AddressHandle>;
  /** Ports of original destinations; 0 where the socket does not tell them. */
  readonly localPorts: RoleArray<Port>;
}

/** A bound socket of one engine. Never use one engine's socket with another. */
export interface DatagramSocket {
  /** A small whole number, unique among the engine's open sockets and used again after `close`. */
  readonly id: number;
  /** A handle, as in `received.ips`; 0 or UNSPECIFIED_IPV6 when bound to all addresses. */
  readonly localIp: AddressHandle;
  readonly localPort: Port;
  /** What the system really granted, in payload bytes as they are asked for (the kernel's own bookkeeping excluded). */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  /** The caller's own number: a table index, a role. The engine never reads it. 0 at first. */
  tag: number;
  /** Hands queued datagrams to the kernel, then closes. An adopted descriptor stays open. Harmless when repeated. */
  close(): void;
  /** Datagrams that the kernel dropped in front of this socket since it was opened. Always 0 in the portable engine. */
  kernelDrops(): number;
}

/** Where a socket is bound, and what it can do. */
export interface SocketOptions {
  /**
   * Local address: IPv4 in host order, signed or unsigned, or a handle of `engine.addresses`. 0 is every IPv4 address,
   * UNSPECIFIED_IPV6 every IPv6 address.
   */
  readonly ip: AddressHandle;
  /** Local port; 0 lets the system choose. */
  readonly port: Port;
  /** With UNSPECIFIED_IPV6: every address of both families. IPv4 senders then show as IPv4. Default false. */
  readonly dualStack?: boolean;
  /** Lets several sockets share the port (SO_REUSEPORT): the kernel spreads senders over them. Default false. */
  readonly reusePort?: boolean;
  /** Default 4 MiB. More than the system's limit is granted where the process has CAP_NET_ADMIN. */
  readonly receiveBufferBytes?: number;
  /** Default 4 MiB. */
  readonly sendBufferBytes?: number;
  /**
   * Has `received.locals` say which address a datagram came to, for answers from that same address. Does nothing for a
   * socket that is bound to one address. Default false.
   */
  readonly localAddresses?: boolean;
  /**
   * Has `received.locals` and `received.localPorts` say where datagrams that the system intercepted (nftables' `tproxy`)
   * were sent to. Default false. Batch engine only.
   */
  readonly originalDestinations?: boolean;
  /**
   * Lets the socket be bound to addresses that are not this machine's, and receive what is intercepted (IP_TRANSPARENT).
   * Needs CAP_NET_ADMIN or CAP_NET_RAW. Default false. Batch engine only.
   */
  readonly transparent?: boolean;
  /** A mark of everything that the socket sends, for rules of the system (SO_MARK). Needs the same rights. Batch engine only. */
  readonly mark?: number;
  /**
   * A descriptor from `openDataSocketFd` to use instead of a new socket. What that function was told about address, port,
   * buffers, mark and the like holds, and is ignored here. It stays its owner's to close. Batch engine only.
   */
  readonly fd?: number;
  /** Talk to this peer only: others are not heard, its refusals are reported, and `send` ignores its ip and port. */
  readonly connect?: { readonly ip: AddressHandle; readonly port: Port };
}

/** The program that an engine runs. All methods are called on the engine's thread, never one within another. */
export interface DatagramHandler {
  /** `count` datagrams (1 or more) of one socket lie in `engine.received`. They stay valid until {@link onSent}. */
  onDatagrams(socket: DatagramSocket, count: number): void;
  /** Every datagram queued so far was handed to the kernel, or dropped and counted: its bytes may be written again. */
  onSent(): void;
  /** `wake` was called, once or more since the last time. */
  onWake(): void;
  /**
   * A socket of the portable engine hears nothing any more, and sends nothing, because its port could not be had again
   * after an error. The engine goes on trying. A program to which any port is right closes it and opens another one.
   */
  onLost?(socket: DatagramSocket): void;
  /** Called at the start of `run` and then whenever its last result, in ms (0 to 1,000), has passed. */
  onTick(): number;
}

/**
 * Datagram sockets and the memory that their datagrams live in, driven by one loop.
 *
 * The order of use: construct with `createEngine`, `open` sockets, `run(handler)`; inside the handler `send`, `openNow`,
 * `close` of sockets, `stop`; after `run` has ended `close`.
 */
export interface DatagramEngine {
  readonly kind: EngineKind;
  readonly arena: PacketArena;
  readonly received: ReceivedBatch;
  /** What the handles of addresses mean. It belongs to the engine's thread. */
  readonly addresses: AddressBook;
  readonly counters: UdpCounters;
  /** Longest datagram that is received whole. */
  readonly maxDatagramBytes: number;
  /** What {@link wakeEngine} takes to wake this engine from another thread. Undefined in the portable engine. */
  readonly wakeFd: number | undefined;
  /** Why the last `openNow` gave undefined: an errno name such as 'EADDRINUSE' or 'EMFILE'; '' before any. */
  readonly lastOpenError: string;

  /** Opens a socket. Rejects with a `UdpError` 'ERR_UDP_OPEN' that says what the system refused. */
  open(options: SocketOptions): Promise<DatagramSocket>;
  /** The same at once, for the packet path: bound on return, or undefined, counted, and explained by `lastOpenError`. */
  openNow(options: SocketOptions): DatagramSocket | undefined;
  /**
   * Queues `arena.bytes[offset .. offset+lengthBytes)` for ip:port (a handle). `local` is the address of this machine to
   * send from, for a socket on every address; 0, the default, lets the system choose. The bytes are not copied: leave them alone until `onSent`. Datagrams of one socket leave in the order in which they were queued.
   * Throws 'ERR_UDP_INVALID_ARGUMENT' if the range is not inside the arena. Sending on a closed socket, or to
   * IPv6 by a socket of IPv4, is counted as `send_failed`.
   */
  send(socket: DatagramSocket, offset: ArenaOffset, lengthBytes: ByteLength, ip: AddressHandle, port: Port, local?: AddressHandle): void;
  /**
   * Hands everything queued to the kernel now instead of when the handler returns. It is for a caller that runs out of
   * memory of its own to send from. What was queued counts as sent when this returns; `onSent` is not called for it.
   */
  flush(): void;
  /**
   * Runs until `stop`. The batch engine blocks its thread all the while. Timers, promises and message ports of that
   * thread stand still. So call it in a worker and take messages in `onWake` with `receiveMessageOnPort`. The portable
   * engine runs on Node's event loop. Rejects with whatever the handler throws; the engine can then be closed.
   */
  run(handler: DatagramHandler): Promise<void>;
  /** Ends `run` after what is queued has been sent. */
  stop(): void;
  /** Makes the next `onTick` due in `ms` at most: for a handler in which something began that must not wait that long. */
  tickWithin(ms: Milliseconds): void;
  /** Has `onWake` called soon. From this thread only; see {@link wakeFd} for others. */
  wake(): void;
  /** Stops, and closes every socket that the engine opened. Harmless when repeated. */
  close(): void;
  /** As {@link close}: for `using`. */
  [Symbol.dispose](): void;
  /**
   * The time as of the running handler call, read once for all datagrams that one wait brought. It is `nowUs` and its
   * milliseconds as int32 bit patterns that wrap. V8 passes those around without allocating. Elapsed time is `(later -
   * earlier) | 0`.
   */
  readonly clockUs: Microseconds;
  readonly clockMs: Milliseconds;
  /** Microseconds of the system's monotonic clock, whole, the same for all threads and processes of the machine. */
  nowUs(): Microseconds;
}

/** Sizes and shared memory of an engine; each has a default. */
export interface EngineOptions {
  /** Longest datagram received whole; a longer one is dropped and counted. 1 to 65,507, default 9,000. */
  readonly maxDatagramBytes?: number;
  /** Most datagrams of one `onDatagrams`. 1 to 256, default 64. */
  readonly batchSize?: number;
  /** Size of `arena.reserve`, for the caller's own use. Default 0. */
  readonly reserveBytes?: number;
  /**
   * Looks for datagrams so long, without sleeping, before it waits: what comes meanwhile is handled some microseconds
   * sooner, for a processor that is never idle. Sockets ask their network card as well where the system allows that
   * (SO_BUSY_POLL). 0 to 1,000,000, default 0. Batch engine only.
   */
  readonly busyPollUs?: Microseconds;
  /** What handles of addresses mean, for a thread that has a book already. Default a new one. */
  readonly addresses?: AddressBook;
  /** Where to count, at least `UDP_COUNTERS_BYTES`; default a new one. */
  readonly countersBuffer?: SharedArrayBuffer;
  /** A ledger from `createFdLedger` in which the batch engine notes each descriptor that it opens. */
  readonly fdLedger?: SharedArrayBuffer;
}
