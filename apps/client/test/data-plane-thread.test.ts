import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ClientError, RunningTunnel } from '@lightspeed/client';
import { UDP_COUNTERS_BYTES, createFdLedger } from '@lightspeed/udp';
import { expect, it } from 'vitest';
import type { StartedMessage, WorkerInput } from '../src/tunnel/messages.ts';
import { LOCAL_COUNTERS_BYTES } from '../src/ingress/local-counters.ts';
import { parseTunnelSettings } from '../src/settings/tunnel-settings.ts';
import { openNodeAddresses, plainNodeTunnel } from '../src/run/start-tunnel.ts';
import { CounterBook } from '../src/tunnel/counter-book.ts';

it('a tunnel whose thread crashes says so, rejects who waits, and can be closed', async () => {
  const node = { host: '127.0.0.1', port: 9 };
  const parsed = parseTunnelSettings({ node, ingresses: [] });
  const counters = new CounterBook();
  const input: WorkerInput = {
    settings: parsed.settings,
    nodeTunnels: [plainNodeTunnel(parsed, node, await openNodeAddresses(node, parsed.settings), counters)],
    via: undefined,
    ways: [],
    localCounters: new SharedArrayBuffer(LOCAL_COUNTERS_BYTES),
    udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
    fdLedger: createFdLedger(),
  };
  const worker = new Worker(new URL('support/dying-worker.ts', import.meta.url));
  const [started] = (await once(worker, 'message')) as [StartedMessage];
  const tunnel = new RunningTunnel(worker, input, started, counters, node);
  const waiting = expect(tunnel.established(60_000)).rejects.toMatchObject({ code: 'ERR_CLIENT_WORKER' });
  const failed = once(tunnel, 'failed') as Promise<[ClientError]>;

  worker.postMessage('crash');

  const [error] = await failed;
  expect(error).toBeInstanceOf(ClientError);
  expect(error.message).toBe('the data-plane thread has crashed: a fault in the packet path');
  await waiting;
  await tunnel.close();
});
