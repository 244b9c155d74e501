import { readFileSync } from 'node:fs';
import { NodeError } from './node-error.ts';

/** What Node, the QUIC library and the state folder have open, and some for clients. */
const FOR_NODE = 64;
/** Data socket, forwarding socket, epoll, eventfd, and the thread's own. */
const PER_WORKER = 8;
/** Kept back for HTTP, for commands, for saving and for addresses that the machine may get, as far as half of what is left allows. */
const KEPT = 128;
const KEPT_PER_WORKER = 64;

/**
 * Refuses to start with so few descriptors that the start would fail somewhere on the way.
 * @param limit of this process.
 * @throws {NodeError} `ERR_PROXY_DESCRIPTORS`
 */
export function requireDescriptors(workers: number, limit = descriptorLimit()): void {
  const least = FOR_NODE + PER_WORKER * workers;
  if (limit >= least) return;
  throw new NodeError(
    'ERR_PROXY_DESCRIPTORS',
    `this process may have ${limit} files open, and a node needs at least ${least}: raise the limit with ulimit -n, or LimitNOFILE of systemd`,
  );
}

/**
 * How many sockets towards game servers each worker may have, so that descriptors are left for everything else.
 * @param ports how many ports there are for them, of all workers together; Infinity if the system chooses.
 * @param limit of this process.
 */
export function egressSocketsPerWorker(workers: number, ports: number, limit = descriptorLimit()): number {
  const spare = Math.max(0, limit - FOR_NODE - PER_WORKER * workers);
  const kept = Math.min(KEPT + KEPT_PER_WORKER * workers, spare / 2);
  return Math.max(1, Math.floor(Math.min(spare - kept, ports) / workers));
}

/** How many files this process may have open; Infinity where the system does not tell. */
function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
