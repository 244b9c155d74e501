import { expect, test } from 'vitest';
import { CloseCode } from '@lightspeed/control/quic';
import { Connection } from '../../src/quic/connection.ts';
import { connectionLimits } from '../../src/quic/limits.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamHandlers } from '../../src/quic/transport/transport.ts';

const RUNTIME = { mode: 'native', driver: 'poll', fellBack: undefined } as const;
const FAREWELL = { type: 'disconnect', reason: 'server_shutdown' } as const;

/** A connection over QUIC that takes what is written into its queue, and never says that it is through. */
function stalled() {
  const closes: [number, string][] = [];
  let handlers: ConnectionHandlers | undefined;
  let ofStream: StreamHandlers | undefined;
  const transport: ConnectionTransport = {
    peer: { host: '192.0.2.1', port: 4433 },
    local: undefined,
    attach: (given) => {
      handlers = given;
    },
    openStream: () => ({
      id: 1,
      bidirectional: true,
      attach: (given) => {
        ofStream = given;
      },
      write: () => undefined,
      end: () => undefined,
      reset: () => undefined,
    }),
    ping: () => undefined,
    roundTripMs: () => undefined,
    close: (code, reason) => {
      closes.push([code, reason]);
      return Promise.resolve();
    },
  };
  const connection = new Connection(transport, RUNTIME, connectionLimits(), 0);
  return {
    connection,
    closes,
    peerCloses: () => handlers?.closed({ code: 0, reason: 'bye' }),
    streamEnds: (why: string) => ofStream?.closed(why),
  };
}

test('a last message that QUIC does not take holds a close up no longer than it may', async () => {
  const { connection, closes } = stalled();
  await connection.closeAfter(FAREWELL, { code: CloseCode.serverShutdown, lingerMs: 1 });
  expect(closes).toEqual([[CloseCode.serverShutdown, 'disconnect: server_shutdown']]);
  expect(connection.closed).toMatchObject({ by: 'us', code: CloseCode.serverShutdown });
});

test('the same on a stream that there is already, with a reason of the caller', async () => {
  const { connection, closes } = stalled();
  const stream = connection.openStream();
  await connection.closeAfter(FAREWELL, { code: CloseCode.timeout, reason: 'too late', stream, lingerMs: 1 });
  expect(closes).toEqual([[CloseCode.timeout, 'too late']]);
});

test('a last message that cannot be said is an error, and the connection is closed', async () => {
  const { connection, closes } = stalled();
  const unsayable = { type: 'disconnect', reason: 'normal', extensions: [{ id: 1, value: new Uint8Array(100_000) }] } as const;
  await expect(connection.closeAfter(unsayable)).rejects.toMatchObject({ name: 'ControlError' });
  expect(closes).toHaveLength(1);
});

test('what QUIC has not taken when the connection ends is told so', async () => {
  const { connection, peerCloses } = stalled();
  const sending = connection.openStream().send({ type: 'ping', timestampUs: 1n });
  peerCloses();
  await expect(sending).rejects.toMatchObject({ code: 'ERR_QUIC_CLOSED' });
});

test('what QUIC has not taken when the stream ends is told so', async () => {
  const { connection, streamEnds } = stalled();
  const sending = connection.openStream().send({ type: 'ping', timestampUs: 1n });
  streamEnds('reset by the peer');
  await expect(sending).rejects.toMatchObject({ code: 'ERR_QUIC_STREAM_RESET' });
});

test('what QUIC has not taken when this end resets the stream is told so', async () => {
  const { connection } = stalled();
  const stream = connection.openStream();
  const sending = stream.send({ type: 'ping', timestampUs: 1n });
  stream.reset();
  await expect(sending).rejects.toMatchObject({ code: 'ERR_QUIC_STREAM_RESET' });
});
