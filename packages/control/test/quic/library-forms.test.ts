import { execFile } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { quicAvailability } from '@lightspeed/control/quic';
import { answer, certificate, connect, listen } from './support.ts';

test.each(['auto', 'native', 'portable', 'wasm'] as const)('a client in mode %s says which form it uses', async (mode) => {
  const connection = await connect(await listen(), { mode });
  const { runtime } = connection;
  if (mode === 'auto') expect(['native', 'portable']).toContain(runtime.mode);
  else expect(runtime.mode).toBe(mode);
  expect(runtime.driver).toMatch(/^(io_uring|kqueue|poll|dgram)$/);
  expect(await answer(connection.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
});

test('a listener works in the portable form, and says so', async () => {
  const listener = await listen({ mode: 'portable' });
  expect(listener.runtime).toMatchObject({ mode: 'portable', driver: expect.stringMatching(/poll|kqueue/) });
  const connection = await connect(listener);
  expect(await answer(connection.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
});

test('a listener in wasm is refused', async () => {
  await expect(listen({ mode: 'wasm' })).rejects.toMatchObject({ code: 'ERR_QUIC_UNAVAILABLE' });
});

test('where there is no native code, a client takes the wasm form and says why, a listener is an error', async () => {
  expect(await quicAvailability()).toEqual({ mode: 'native', why: undefined });
  const { endpoint } = await listen();
  const script = fileURLToPath(new URL('processes/without-native.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@lightspeed/source', script, String(endpoint.port)], {
    env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: '/nonexistent' },
    timeout: 20_000,
  });
  expect(JSON.parse(stdout)).toEqual({
    availability: { mode: 'wasm', why: expect.stringContaining('no native QUIC') as string },
    listener: 'ERR_QUIC_UNAVAILABLE',
    native: 'ERR_QUIC_UNAVAILABLE',
    runtime: { mode: 'wasm', driver: 'dgram', fellBack: expect.stringContaining('no native QUIC') as string },
    answer: 'ping',
  });
});

test('a handshake that is refused in wasm leaves the process and other connections alone', async () => {
  const listener = await listen();
  const good = await connect(listener, { mode: 'wasm' });
  const bad = connect(listener, { mode: 'wasm', verify: { kind: 'ca', pem: certificate.certificatePem, serverName: 'other' } });
  await expect(bad).rejects.toMatchObject({ code: 'ERR_QUIC_CERTIFICATE_REFUSED' });
  expect(await answer(good.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
});

test('the private key never is in the public folder for temporary files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightspeed-temporary-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  const seen: (string | null)[] = [];
  const watcher = watch(folder, (_, name) => seen.push(name));
  onTestFinished(async () => {
    watcher.close();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(folder, { recursive: true });
  });
  await listen();
  await listen();
  expect(process.env['TMPDIR']).toBe(folder);
  await expect.poll(() => seen.length).toBeGreaterThan(0);
  for (const name of seen) expect(name).toMatch(/^lightspeed-\w+$/);
});
