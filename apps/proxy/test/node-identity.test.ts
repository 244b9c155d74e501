import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloseCode, connectControl, makeCertificate, formatPin, parsePin, pinOf } from '@lightspeed/control/quic';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { Control, playingClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';

/** Certificate and key in files of their own. */
async function ownFiles() {
  const folder = keptFolder();
  const certificate = join(folder, 'node.pem');
  const privateKey = join(folder, 'key.pem');
  const write = async () => {
    const made = await makeCertificate();
    writeFileSync(certificate, made.certificatePem);
    return {
      pin: formatPin(pinOf(made.certificatePem)),
      writeKey: () => writeFileSync(privateKey, made.privateKeyPem),
    };
  };
  return { certificate, privateKey, write };
}

it('is made at the first start and kept, for its owner only', async () => {
  const stateDir = keptFolder();
  const first = await registrarNode({ stateDir });
  expect(first.controlPin).toMatch(/^sha256\/\/.{43}=$/);
  await first.close();
  expect((await registrarNode({ stateDir })).controlPin).toBe(first.controlPin);
  for (const file of ['control-key.pem', 'control-certificate.pem']) {
    expect(statSync(join(stateDir, file)).mode & 0o777).toBe(0o600);
  }
});

it('is another one each time without a folder, with a warning', async () => {
  const log: string[] = [];
  const start = async () => {
    const config = nodeConfig({ dataBind: '127.0.0.1:0', controlBind: '127.0.0.1:0', httpBind: 'off' });
    const node = await startNode(config, { log: pino({}, { write: (line) => void log.push(line) }) });
    onTestFinished(() => node.close());
    return node.controlPin;
  };
  expect(await start()).not.toBe(await start());
  expect(log.some((line) => line.includes('this certificate and its pin are valid only for this run'))).toBe(true);
});

it('is what a client finds: another pin is refused before anything is said', async () => {
  const { controlAddress } = await registrarNode();
  const other = pinOf((await makeCertificate()).certificatePem);
  const connecting = connectControl({
    host: controlAddress?.host ?? '',
    port: controlAddress?.port ?? 0,
    verify: { kind: 'pin', sha256: other },
  });
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_QUIC_PIN_MISMATCH' });
});

it('comes from files if they are given, and those that cannot be used keep the node from starting', async () => {
  const { certificate, privateKey, write } = await ownFiles();
  const { pin, writeKey } = await write();
  await expect(registrarNode({ certificate, privateKey })).rejects.toMatchObject({ code: 'ERR_PROXY_IDENTITY' });
  writeKey();
  expect((await registrarNode({ certificate, privateKey })).controlPin).toBe(pin);
});

it('is taken on anew when the files are replaced, and sessions go on meanwhile', async () => {
  const { certificate, privateKey, write } = await ownFiles();
  (await write()).writeKey();
  const node = await registrarNode({ certificate, privateKey, httpBind: '127.0.0.1:0' });
  const server = await testServer();
  const client = await playingClient(node);
  await client.roundTrip(server.endpoint, 'before');

  // The certificate alone is of no use yet.
  const { pin, writeKey } = await write();
  await client.roundTrip(server.endpoint, 'meanwhile');
  writeKey();
  await client.control.connection.whenClosed;
  const renewed = { ...node, controlPin: pin };
  client.control = await eventually(() => Control.connect(renewed));
  await client.control.register([client.resume()]);
  expect((await client.control.heard('register_ack')).sessionId).toBe(client.ack.sessionId);
  await client.roundTrip(server.endpoint, 'after');
  expect(node.stats().relay.sessionsOpened).toBe(1);

  const health = await fetch(`http://127.0.0.1:${node.httpAddress?.port ?? 0}/health`);
  expect(await health.json()).toMatchObject({ control: { pin } });
  expect(parsePin(pin)).toHaveLength(32);
  expect(readFileSync(certificate, 'utf8')).toContain('BEGIN CERTIFICATE');
});

it('keeps its pin when the certificate is renewed with the same key, and a game that goes on meanwhile loses nothing', async () => {
  const folder = keptFolder();
  const [certificate, privateKey] = [join(folder, 'node.pem'), join(folder, 'key.pem')];
  const first = await makeCertificate();
  writeFileSync(certificate, first.certificatePem);
  writeFileSync(privateKey, first.privateKeyPem);
  const node = await registrarNode({ certificate, privateKey, maxPpsPerClient: 1_000_000, maxBpsPerClient: 1_000_000_000 });
  const server = await testServer();
  const client = await playingClient(node);
  const before = node.controlPin;

  writeFileSync(certificate, (await makeCertificate(first.privateKeyPem)).certificatePem);
  let back = false;
  const reconnecting = (async () => {
    const closed = await client.control.connection.whenClosed;
    client.control = await eventually(() => Control.connect(node));
    await client.control.register([client.resume()]);
    await client.control.heard('register_ack');
    back = true;
    return closed;
  })();
  let sent = 0;
  while (!back) {
    await client.roundTrip(server.endpoint, `datagram ${sent++}`);
    client.received = [];
  }

  expect(await reconnecting).toMatchObject({ by: 'peer', code: CloseCode.certificateReplaced });
  expect(server.payloads).toEqual(Array.from({ length: sent }, (_, number) => `datagram ${number}`));
  expect(node.controlPin).toBe(before);
  expect(node.stats().relay.sessionsOpened).toBe(1);
});
