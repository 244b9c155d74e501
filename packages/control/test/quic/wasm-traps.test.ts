import type * as Wasm from '@currentspace/http3/wasm';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOfTrap } from '../../src/quic/http3/wasm-trap.ts';
import { certificate, connect, listen } from './support.ts';

/** How many datagrams the instances of this test take before they trap. */
const trapping = vi.hoisted(() => ({ afterDatagrams: Number.POSITIVE_INFINITY }));

/** As WebAssembly throws it. */
const trapOf = vi.hoisted(() => (message: string) => Object.assign(new Error(message), { name: 'RuntimeError' }));

vi.mock('@currentspace/http3/wasm', async (original) => {
  const wasm = await original<typeof Wasm>();
  const loadHttp3WasmCoreFromFile = (file: string) => {
    const core = wasm.loadHttp3WasmCoreFromFile(file);
    const { qc_recv } = core.exports;
    let datagrams = 0;
    const trap = (...values: Parameters<typeof qc_recv>) => {
      if (datagrams++ >= trapping.afterDatagrams) throw trapOf('memory access out of bounds');
      return qc_recv(...values);
    };
    return Object.assign(core, { exports: { ...core.exports, qc_recv: trap } });
  };
  return { ...wasm, loadHttp3WasmCoreFromFile };
});

beforeEach(() => {
  trapping.afterDatagrams = Number.POSITIVE_INFINITY;
});

describe('a trap of the wasm form', () => {
  it('is a refused certificate where one is refused', async () => {
    const connecting = connect(await listen(), {
      mode: 'wasm',
      verify: { kind: 'ca', pem: certificate.certificatePem, serverName: 'other' },
    });
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_QUIC_CERTIFICATE_REFUSED' });
  });

  it('is an internal error where nothing was wrong with the certificate', async () => {
    const listener = await listen();
    trapping.afterDatagrams = 1;
    const error: unknown = await connect(listener, { mode: 'wasm' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_QUIC_CONNECT_REFUSED' });
    expect(String(error)).toMatch(/an internal error.*the wasm form of QUIC stopped: memory access out of bounds/);
    expect(String(error)).not.toContain('certificate');
  });

  it('ends a connection that was made as an internal error', async () => {
    const connection = await connect(await listen(), { mode: 'wasm' });
    trapping.afterDatagrams = 0;
    await connection.openStream().send({ type: 'ping', timestampUs: 1n });
    expect(await connection.whenClosed).toMatchObject({ by: 'peer', code: 0x1 });
  });

  it('is blamed on a certificate only in the handshake, where one is checked, and by the instruction that refuses it', () => {
    const refusal = { call: 'qc_recv', thrown: trapOf('unreachable'), verifies: true, handshakeOver: false };
    expect(codeOfTrap(refusal)).toBe(0x100 + 46);
    expect(codeOfTrap({ ...refusal, verifies: false })).toBe(0x1);
    expect(codeOfTrap({ ...refusal, handshakeOver: true })).toBe(0x1);
    expect(codeOfTrap({ ...refusal, call: 'qc_on_timeout' })).toBe(0x1);
    expect(codeOfTrap({ ...refusal, thrown: new RangeError('Maximum call stack size exceeded') })).toBe(0x1);
  });
});
