import { once } from 'node:events';
import { QuicStream } from '@currentspace/http3';
import { expect, test } from 'vitest';
import { fromHex } from '../vectors.ts';
import { answer, connect, echoAll, listen, rawClient, sessionEnd } from './support.ts';

test('a stream of the library that nobody listens to ends without an error, one that somebody listens to with it', async () => {
  await connect(await listen());
  const unheard = new QuicStream();
  unheard.destroy(new Error('reset'));
  await once(unheard, 'close');
  const heard = new QuicStream();
  const error = once(heard, 'error');
  heard.destroy(new Error('reset'));
  await expect(error).resolves.toMatchObject([{ message: 'reset' }]);
});

test('a peer that goes on with streams that were reset, and resets them itself, harms nobody', { timeout: 30_000 }, async () => {
  const listener = await listen({ onConnection: echoAll, limits: { maxRefusals: 1_000, burstBytes: 10_000_000 } });
  const other = await connect(listener);
  const session = await rawClient(listener);
  const end = sessionEnd(session);
  const misuse = async (): Promise<void> => {
    for (let count = 0; count < 400; count += 1) {
      const stream = session.openStream();
      stream.on('error', () => undefined);
      await new Promise<void>((resolve) => stream.write(fromHex('00 00'), () => resolve()));
      stream.write(Buffer.alloc(1_500, 0xff));
      stream.write(Buffer.alloc(1_500, 0xff));
      stream.close(count);
      await new Promise(setImmediate);
    }
  };
  await Promise.race([end, misuse().catch(() => undefined)]);
  expect(await answer(other.openStream(), { type: 'ping', timestampUs: 5n })).toMatchObject({ type: 'ping' });
  expect(other.closed).toBeUndefined();
});
