import { QuicClientSession } from '@currentspace/http3';
import { connectNodeUdp, WasmQuicClientEventLoop } from '@currentspace/http3/wasm';
import type { Http3WasmCore, WasmEvent } from '@currentspace/http3/wasm';
import { formatSocketAddress } from '@lightspeed/wire';
import { QuicError, reasonOf } from '../transport/quic-error.ts';
import type { ClientOptions } from './client-options.ts';
import { loadWasmCore } from './wasm-core.ts';

/** A connection over the library's wasm form, for platforms that it has no native code for. */
export interface WasmConnection {
  readonly connection: QuicClientSession;
  /** Rejects when it could not even begin. */
  readonly opened: Promise<void>;
  readonly driver: string;
}

const CLOSED_BY_TRAP = { eventType: 7, connHandle: 0, streamId: -1, meta: { errorCode: 0x100 + 46, errorReason: '' } };

/**
 * Starts a connection of the library over an instance of its wasm form, so that it cannot end the process. A TLS handshake
 * that fails makes the instance trap in a timer or a socket's callback. That would be an uncaught exception.
 */
export function startWasmConnection(options: ClientOptions): WasmConnection {
  const connection = new QuicClientSession();
  // Begins the connection's life without a listener: a handshake that fails is reported by `ready` and `close`.
  connection.on('error', () => undefined);
  const dispatch = (events: WasmEvent[]): void => {
    connection._dispatchEvents(
      events.map(({ data, meta, ...event }) => ({
        ...event,
        ...(data === undefined ? {} : { data: Buffer.from(data) }),
        ...(meta === undefined ? {} : { meta: { errorCode: meta.errorCode ?? 0, errorReason: meta.errorReason ?? '' } }),
      })),
    );
  };
  const core = guarded((trap) => {
    const meta = { ...CLOSED_BY_TRAP.meta, errorReason: `the wasm form of QUIC stopped: ${trap}` };
    queueMicrotask(() => dispatch([{ ...CLOSED_BY_TRAP, meta }]));
  });
  const loop = new WasmQuicClientEventLoop(
    {
      core,
      transportFactory: connectNodeUdp,
      alpn: [options.alpn],
      rejectUnauthorized: options.authoritiesPem !== undefined,
      ...(options.authoritiesPem === undefined ? {} : { ca: Buffer.from(options.authoritiesPem) }),
      maxIdleTimeoutMs: options.idleTimeoutMs,
      initialMaxStreamsBidi: options.maxStreams,
      initialMaxStreamDataBidiLocal: options.maxStreamBytes,
      initialMaxData: options.maxStreams * options.maxStreamBytes,
    },
    dispatch,
  );
  connection._setEventLoop(loop);
  const opened = loop.connect(formatSocketAddress(options.address), options.serverName).catch((thrown: unknown) => {
    throw new QuicError('ERR_QUIC_UNAVAILABLE', `QUIC in wasm cannot start: ${reasonOf(thrown)}`, { cause: thrown });
  });
  opened.catch(() => undefined);
  return { connection, opened, driver: 'dgram' };
}

/** What the instance's functions answer after it has trapped, so that the library's loop around it comes to rest. */
function answerOfTheDead(name: string): number {
  if (name.endsWith('_is_done')) return 1;
  if (name.endsWith('_buffer') || name === 'wasm_alloc' || name.endsWith('_new')) return 0;
  return -1;
}

function guarded(onTrap: (why: string) => void): Http3WasmCore {
  const core = loadWasmCore();
  let dead = false;
  const guardedExports = Object.entries(core.exports).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [name, value] as const;
    const guard = (...values: unknown[]): unknown => {
      if (dead) return answerOfTheDead(name);
      try {
        return Reflect.apply(value, undefined, values);
      } catch (thrown) {
        dead = true;
        onTrap(reasonOf(thrown));
        return answerOfTheDead(name);
      }
    };
    return [name, guard] as const;
  });
  return Object.assign(core, { exports: Object.fromEntries(guardedExports) });
}
