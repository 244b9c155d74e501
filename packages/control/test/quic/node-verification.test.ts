import { expect, test, vi } from 'vitest';
import { formatPin, makeCertificate, pinOf } from '@lightspeed/control/quic';
import type { ControlConnection, Verification } from '@lightspeed/control/quic';
import { all, answer, certificate, connect, listen, pin, rawClient } from './support.ts';

const otherPin = new Uint8Array(32).fill(7);
const modes = ['auto', 'portable', 'wasm'] as const;

async function works(connection: ControlConnection): Promise<void> {
  expect(await answer(connection.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
}

test.each(modes)('the right pin is accepted (%s)', async (mode) => {
  const connection = await connect(await listen(), { mode, verify: { kind: 'pin', sha256: pin } });
  expect(connection.peerPin).toEqual(pin);
  await works(connection);
});

test.each(modes)('a wrong pin is refused with both pins in the error, before any stream (%s)', async (mode) => {
  const served: ControlConnection[] = [];
  const listener = await listen({ onConnection: (connection) => served.push(connection) });
  const connecting = connect(listener, { mode, verify: { kind: 'pin', sha256: otherPin } });
  await expect(connecting).rejects.toMatchObject({ name: 'QuicError', code: 'ERR_QUIC_PIN_MISMATCH' });
  await expect(connecting).rejects.toThrow(formatPin(pin));
  await expect(connecting).rejects.toThrow(formatPin(otherPin));
  // The handshake was over, so the node has seen a connection; it ends without a stream.
  await expect.poll(() => served.length).toBe(1);
  for (const connection of served) expect(await all(connection.streams())).toEqual([]);
});

test.each(modes)("the node's own certificate can be the authority (%s)", async (mode) => {
  await works(await connect(await listen(), { mode, verify: { kind: 'ca', pem: certificate.certificatePem } }));
});

const refusals: readonly [string, Verification][] = [
  ['another authority', { kind: 'ca', pem: (await makeCertificate()).certificatePem }],
  ['another name', { kind: 'ca', pem: certificate.certificatePem, serverName: 'other.example' }],
  ['an authority that the system does not know', { kind: 'system' }],
];
test.each(modes.flatMap((mode) => refusals.map(([what, verify]) => ({ mode, what, verify }))))(
  '$what is refused ($mode)',
  async ({ mode, verify }) => {
    const connecting = connect(await listen(), { mode, verify });
    await expect(connecting).rejects.toMatchObject({ name: 'QuicError', code: 'ERR_QUIC_CERTIFICATE_REFUSED' });
  },
);

test('the first use remembers the key, the second checks it, and a change is an error with both pins', async () => {
  const listener = await listen();
  const remember = vi.fn<(sha256: Uint8Array) => void>();
  await works(await connect(listener, { verify: { kind: 'first-use', known: undefined, remember } }));
  expect(remember).toHaveBeenCalledExactlyOnceWith(pin);
  await works(await connect(listener, { verify: { kind: 'first-use', known: pin, remember } }));
  expect(remember).toHaveBeenCalledTimes(1);
  const changed = connect(listener, { verify: { kind: 'first-use', known: otherPin, remember } });
  await expect(changed).rejects.toMatchObject({ code: 'ERR_QUIC_PIN_CHANGED' });
  await expect(changed).rejects.toThrow(formatPin(pin));
  await expect(changed).rejects.toThrow(formatPin(otherPin));
  expect(remember).toHaveBeenCalledTimes(1);
});

test('a key that cannot be remembered is no connection', async () => {
  const remember = (): Promise<void> => Promise.reject(new Error('disk full'));
  const connecting = connect(await listen(), { verify: { kind: 'first-use', known: undefined, remember } });
  await expect(connecting).rejects.toThrow('disk full');
});

test('without verification anybody may be the node', async () => {
  await works(await connect(await listen(), { verify: { kind: 'insecure' } }));
});

test('another application protocol is refused by both ends', async () => {
  const listener = await listen();
  await expect(rawClient(listener, 'h3')).rejects.toThrow();
  expect(listener.counters.accepted).toBe(0);
});

test('a pin is that of the key, not of the certificate', async () => {
  const renewed = await makeCertificate(certificate.privateKeyPem);
  expect(renewed.certificatePem).not.toBe(certificate.certificatePem);
  expect(pinOf(renewed.certificatePem)).toEqual(pin);
});

test('what cannot be a verification is an error of the caller', async () => {
  const listener = await listen();
  const short = connect(listener, { verify: { kind: 'pin', sha256: new Uint8Array(31) } });
  await expect(short).rejects.toMatchObject({ code: 'ERR_QUIC_OPTION' });
  const noPem = connect(listener, { verify: { kind: 'ca', pem: 'nothing' } });
  await expect(noPem).rejects.toMatchObject({ code: 'ERR_QUIC_OPTION' });
});
