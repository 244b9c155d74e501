/**
 * UDP sockets for programs that move many small datagrams. System calls take whole batches. Packets are in one fixed
 * memory that wasm can work on, and nothing is allocated per packet. The same interface runs over node:dgram where
 * Linux's calls are missing. This is the only package of LightSpeed that knows the operating system.
 */
export { errnoOf, explainBindErrno } from './bind-errors.ts';
export type { EngineChoice } from './choice/choose.ts';
export { chooseEngine, createEngine } from './choice/choose.ts';
export { monotonicUs } from './clock.ts';
export type { UdpCounterName } from './counters.ts';
export { UDP_COUNTER, UDP_COUNTERS, UDP_COUNTERS_BYTES, UdpCounters } from './counters.ts';
export type { DatagramEngine, DatagramHandler, DatagramSocket, EngineKind, EngineOptions, ReceivedBatch, SocketOptions } from './engine.ts';
export type { UdpErrorCode } from './errors.ts';
export { UdpError } from './errors.ts';
export { explainFileError } from './file-errors.ts';
export { DEFAULT_MAX_DATAGRAM_BYTES } from './options.ts';
export { hasIpv6 } from './choice/ipv6.ts';
export type { ReadAddress } from './read-address.ts';
export { readAddress } from './read-address.ts';
export { allowedCores, pinThread } from './linux/affinity.ts';
export type { BoundSocket, FilterInstruction } from './linux/bound-sockets.ts';
export { findBoundSockets } from './linux/bound-sockets.ts';
export type { DataSocketDescription, DataSocketOptions } from './linux/data-socket.ts';
export { closeFd, describeDataSocketFd, openDataSocketFd, setPortShared, wakeEngine } from './linux/data-socket.ts';
export { closeLedgerFds, createFdLedger, ledgerFds } from './linux/fd-ledger.ts';
export { returnFreeMemory } from './linux/free-memory.ts';
export { returnProgramPages } from './linux/program-pages.ts';
