import { expect, test } from 'vitest';
import { CloseCode } from '@lightspeed/control/quic';
import type { ControlConnection } from '@lightspeed/control/quic';
import { ServerTransport } from '../../src/quic/http3/server-transport.ts';
import type { ConnectionHandlers, ConnectionTransport, StreamTransport } from '../../src/quic/transport/transport.ts';
import { answer, connect, echoAll, listen, rawSession } from './support.ts';

/** A listener that answers every message with itself, and the node's ends of its connections. */
async function listenAndKeep(): Promise<{ listener: Awaited<ReturnType<typeof listen>>; nodes: ControlConnection[] }> {
  const nodes: ControlConnection[] = [];
  const listener = await listen({
    onConnection: (node) => {
      nodes.push(node);
      echoAll(node);
    },
  });
  return { listener, nodes };
}

/** What keeps a program from taking events: a long computation, the collection of garbage, a machine with more to do. */
function busy(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

test('closing a connection that its peer has closed leaves the next client alone', async () => {
  const { listener, nodes } = await listenAndKeep();
  const first = await connect(listener);
  await expect.poll(() => nodes.length).toBe(1);
  await first.close();
  await nodes[0]?.whenClosed;
  // Has the place, and the number, that the first one had.
  const second = await connect(listener);
  await nodes[0]?.close(CloseCode.authFailed, 'far too late');
  await nodes[0]?.closeAfter({ type: 'disconnect', reason: 'normal' });
  expect(await answer(second.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
  expect(second.closed).toBeUndefined();
});

test('a node that closes a connection, not having been told that it is over, leaves the next client alone', async () => {
  const { listener, nodes } = await listenAndKeep();
  const first = await connect(listener);
  await expect.poll(() => nodes.length).toBe(1);
  // QUIC has threads of its own: the first connection ends and the second begins while nobody here hears of it.
  const firstEnds = first.close();
  busy(150);
  const second = rawSession(listener);
  for (let turns = 0; turns < 100; turns += 1) await Promise.resolve();
  busy(150);
  expect(nodes).toHaveLength(1);
  const late = nodes[0]?.close(CloseCode.authFailed, 'late');
  await Promise.all([firstEnds, late, second.ready()]);
  await expect.poll(() => nodes.length).toBe(2);
  await new Promise<void>((resolve, reject) => {
    second.once('close', () => reject(new Error('the second connection was closed')));
    second
      .openStream()
      .on('error', reject)
      .once('data', () => resolve())
      .write(Uint8Array.of(0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 1));
  });
  expect(nodes[1]?.closed).toBeUndefined();
});

/** A library that writes down what it is told to do. */
function fakeServer(): { transport: ServerTransport; calls: string[]; end: () => void } {
  const calls: string[] = [];
  let handlers: ConnectionHandlers | undefined;
  const stream: StreamTransport = {
    id: 1,
    bidirectional: true,
    attach: () => undefined,
    write: (bytes, done) => {
      calls.push(`write ${bytes.join()}`);
      done(undefined);
    },
    end: () => void calls.push('end'),
    reset: (code) => void calls.push(`reset ${code}`),
  };
  const connection: ConnectionTransport = {
    peer: { host: '192.0.2.1', port: 1 },
    local: undefined,
    attach: (given) => {
      handlers = given;
    },
    openStream: () => stream,
    ping: () => void calls.push('ping'),
    roundTripMs: () => 5,
    close: (code) => {
      calls.push(`close ${code}`);
      return Promise.resolve();
    },
  };
  const transport = new ServerTransport(connection);
  transport.attach({ stream: () => undefined, closed: () => undefined });
  return { transport, calls, end: () => handlers?.closed({ code: 0, reason: '' }) };
}

test('what a node does on a connection is done in its order, and closing once', async () => {
  const { transport, calls } = fakeServer();
  const stream = transport.openStream();
  const written: unknown[] = [];
  stream.write(Uint8Array.of(1), (error) => written.push(error));
  stream.write(Uint8Array.of(2), (error) => written.push(error));
  stream.end();
  stream.reset(7);
  transport.ping();
  expect(calls).toEqual([]);
  await Promise.all([transport.close(3, ''), transport.close(4, '')]);
  await transport.close(5, '');
  expect(calls).toEqual(['write 1', 'write 2', 'end', 'reset 7', 'ping', 'close 3']);
  expect(written).toEqual([undefined, undefined]);
  expect(transport.roundTripMs()).toBeUndefined();
});

test('nothing that was meant for a connection reaches the library once it has ended, and who writes is told', async () => {
  const { transport, calls, end } = fakeServer();
  expect(transport.roundTripMs()).toBe(5);
  const stream = transport.openStream();
  const written = new Promise((resolve) => stream.write(Uint8Array.of(1), resolve));
  stream.end();
  stream.reset(7);
  transport.ping();
  const closing = transport.close(3, '');
  end();
  expect(await written).toMatchObject({ message: 'the connection has ended' });
  await closing;
  expect(calls).toEqual([]);
  expect(transport.roundTripMs()).toBeUndefined();
  expect(() => transport.openStream()).toThrow(expect.objectContaining({ code: 'ERR_QUIC_CLOSED' }));
});
