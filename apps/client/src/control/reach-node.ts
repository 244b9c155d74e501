import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { connectControl, QuicError } from '@lightspeed/control/quic';
import type { ConnectOptions, ControlConnection } from '@lightspeed/control/quic';
import { ClientError } from '../base/errors.ts';
import { explainLookup } from '../base/lookup-errors.ts';
import { familyOf } from '../settings/addresses.ts';

/** RFC 8305, section 5: so long the first address has for itself. */
const ATTEMPT_DELAY_MS = 250;

/** The addresses of a node, at most one of each family. */
export interface HostAddresses {
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
}

/**
 * Looks a node's name up; an address stands for itself.
 * @param name how messages call the node, `HOST:PORT`.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE`, also if the name service does not answer in time.
 */
export async function resolveNode(host: string, timeoutMs: number, name: string): Promise<HostAddresses> {
  const family = familyOf(host);
  if (family !== undefined) return { ipv4: undefined, ipv6: undefined, [family]: host };
  const abort = new AbortController();
  const late = pause(timeoutMs, undefined, { signal: abort.signal }).then(() => {
    throw new ClientError('ERR_CLIENT_RESOLVE', `node ${name} has no address: the name service does not answer`, { mayPass: true });
  });
  late.catch(() => undefined);
  try {
    const addresses = await Promise.race([lookup(host, { all: true }), late]);
    const of = (wanted: 4 | 6) => addresses.find((address) => address.family === wanted)?.address;
    return { ipv4: of(4), ipv6: of(6) };
  } catch (thrown) {
    if (thrown instanceof ClientError) throw thrown;
    throw new ClientError('ERR_CLIENT_RESOLVE', `node ${name} has no address: ${explainLookup(thrown)}`, { cause: thrown, mayPass: true });
  } finally {
    abort.abort();
  }
}

/**
 * Connects with a node at whichever of its addresses answers first. IPv6 begins, IPv4 follows after 250 ms, or at once if
 * the other one fails (RFC 8305).
 * @throws {QuicError} (rejection) of the attempt that says most: about the node's identity if one does.
 */
export async function reachNode(options: ConnectOptions, { ipv4, ipv6 }: HostAddresses): Promise<ControlConnection> {
  const addresses = [ipv6, ipv4].filter((address) => address !== undefined);
  return firstOf(
    addresses.map((address) => (signal) => connectControl({ ...options, address, signal })),
    options.signal,
  );
}

/**
 * The first attempt that succeeds; each begins when the one before has failed, or has had its time. Those that succeed later
 * are closed, those that are under way given up.
 */
export async function firstOf(
  attempts: readonly ((signal: AbortSignal) => Promise<ControlConnection>)[],
  signal?: AbortSignal,
): Promise<ControlConnection> {
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  let before: Promise<unknown> = Promise.resolve();
  const running = attempts.map((attempt, index) => {
    const turn = index === 0 ? before : Promise.race([before, pause(ATTEMPT_DELAY_MS, undefined, { signal: stop })]);
    const result = turn
      .catch(() => undefined)
      .then(() => {
        stop.throwIfAborted();
        return attempt(stop);
      });
    before = result.then(
      () => new Promise<never>(() => undefined),
      () => undefined,
    );
    return result;
  });
  try {
    const first = await Promise.any(running);
    for (const result of running) {
      void result.then(
        (connection) => (connection === first ? undefined : connection.close().catch(() => undefined)),
        () => undefined,
      );
    }
    return first;
  } catch (thrown) {
    if (!(thrown instanceof AggregateError)) throw thrown;
    const errors: unknown[] = thrown.errors;
    throw errors.find(isAboutIdentity) ?? errors.at(-1);
  } finally {
    over.abort();
  }
}

/** Whether a failure says that the node is not the one that was meant. */
export function isAboutIdentity(thrown: unknown): boolean {
  return thrown instanceof QuicError && (thrown.code.startsWith('ERR_QUIC_PIN') || thrown.code === 'ERR_QUIC_CERTIFICATE_REFUSED');
}
