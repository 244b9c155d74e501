import { createQuicServer } from '@currentspace/http3';
import { connectControl } from '@lightspeed/control/quic';
import { expect, onTestFinished, test } from 'vitest';
import { answer, certificate, connect, listen, rawSession, sessionEnd } from './support.ts';

/** RFC 9001, section 4.8: 0x100 and the TLS alert no_application_protocol. */
const NO_APPLICATION_PROTOCOL = 0x178;

const authority = { kind: 'ca', pem: certificate.certificatePem } as const;

test('a client that names another application protocol gets no_application_protocol, and is counted; others go on', async () => {
  const failed: unknown[] = [];
  const listener = await listen({ onFailedHandshake: (peer, code) => failed.push({ peer, code }) });
  const other = await connect(listener);
  expect(await sessionEnd(rawSession(listener, 'h3'))).toMatchObject({ errorCode: NO_APPLICATION_PROTOCOL });
  expect(await answer(other.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
  // QUIC tells of it when it has forgotten the connection.
  await expect.poll(() => listener.counters, { timeout: 20_000 }).toMatchObject({ accepted: 1, refusedOverAlpn: 1 });
  expect(failed).toEqual([{ peer: { host: '127.0.0.1', port: expect.any(Number) as number }, code: NO_APPLICATION_PROTOCOL }]);
});

test('a client of a node that speaks another protocol is told which is not spoken', async () => {
  const { certificatePem: cert, privateKeyPem: key } = certificate;
  const server = createQuicServer({ key, cert, alpn: ['h3'], disableRetry: false });
  server.on('error', () => undefined);
  onTestFinished(() => server.close());
  const { port } = await server.listen(0, '127.0.0.1');
  await expect(connectControl({ host: '127.0.0.1', port, verify: authority })).rejects.toMatchObject({
    code: 'ERR_QUIC_ALPN',
    message: expect.stringContaining('lstp/1') as string,
  });
});

test('a client that does not accept the certificate is a failed handshake, and not one over the protocol', async () => {
  const listener = await listen();
  const { pem } = authority;
  await expect(connect(listener, { verify: { kind: 'ca', pem, serverName: 'other' } })).rejects.toMatchObject({
    code: 'ERR_QUIC_CERTIFICATE_REFUSED',
  });
  const counted = { refusedOverAlpn: 0, failedHandshakes: 1 };
  await expect.poll(() => listener.counters, { timeout: 20_000 }).toMatchObject(counted);
});
