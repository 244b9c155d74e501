import type { QuicServer } from '@currentspace/http3';
import type { SocketAddress } from '@lightspeed/wire';
import { peerAddress } from './peer-address.ts';

/** What of the library's events matters here. */
interface LibraryEvent {
  readonly eventType: number;
  readonly connHandle: number;
  readonly meta?: { readonly remoteAddr?: string; readonly remotePort?: number; readonly errorCode?: number };
}

const NEW_SESSION = 1;
const SESSION_CLOSE = 7;
const HANDSHAKE_COMPLETE = 11;

/**
 * Tells of handshakes that failed. The library reports only connections whose handshake succeeded. But one method of
 * its own gets the events of all, and this file listens in on that method. The end of a refused handshake is told when
 * QUIC has forgotten it, some seconds later.
 */
export function watchFailedHandshakes(server: QuicServer, failed: (peer: SocketAddress, code: number) => void): void {
  const handshaking = new Map<number, SocketAddress>();
  const dispatch: unknown = Reflect.get(server, '_dispatchEvents');
  if (typeof dispatch !== 'function') return;
  const listening = (events: readonly LibraryEvent[]): void => {
    for (const { eventType, connHandle, meta } of events) {
      if (eventType === NEW_SESSION) {
        handshaking.set(connHandle, peerAddress(meta?.remoteAddr, meta?.remotePort));
      } else if (eventType === HANDSHAKE_COMPLETE) {
        handshaking.delete(connHandle);
      } else if (eventType === SESSION_CLOSE) {
        const peer = handshaking.get(connHandle);
        handshaking.delete(connHandle);
        if (peer !== undefined) failed(peer, meta?.errorCode ?? 0);
      }
    }
    Reflect.apply(dispatch, server, [events]);
  };
  Reflect.set(server, '_dispatchEvents', listening);
}
