import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatPin, loadIdentity, loadKnownNodes, loadOrCreateIdentity, makeCertificate, parsePin, pinOf } from '@lightspeed/control/quic';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'lightspeed-identity-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return join(made, 'state');
}

test('the first start makes an identity, later ones find it', async () => {
  const state = await folder();
  const made = await loadOrCreateIdentity(state);
  expect(made.created).toBe(true);
  const found = await loadOrCreateIdentity(state);
  expect(found).toEqual({ ...made, created: false });
  expect(found.pinText).toBe(formatPin(found.pin));
  expect((await readdir(state)).toSorted()).toEqual(['control-certificate.pem', 'control-key.pem']);
});

test.skipIf(process.platform === 'win32')('only its owner can read it', async () => {
  const state = await folder();
  const { certificateFile, privateKeyFile } = await loadOrCreateIdentity(state);
  expect((await stat(privateKeyFile)).mode & 0o777).toBe(0o600);
  expect((await stat(certificateFile)).mode & 0o777).toBe(0o600);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
});

test('the certificate is ECDSA P-256, for a TLS server, valid now and for years, in the name of a node', async () => {
  const { certificatePem } = await makeCertificate();
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  expect(certificate.checkHost('lightspeed-node')).toBe('lightspeed-node');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(certificate.validToDate.getFullYear()).toBeGreaterThan(new Date().getFullYear() + 18);
});

test('a key whose certificate was not written any more gets one, so the pin stays', async () => {
  const state = await folder();
  const made = await loadOrCreateIdentity(state);
  await rm(made.certificateFile);
  const again = await loadOrCreateIdentity(state);
  expect(again.pin).toEqual(made.pin);
  expect(again.created).toBe(true);
});

test('a certificate without its key is an error that names both files', async () => {
  const state = await folder();
  const { privateKeyFile, certificateFile } = await loadOrCreateIdentity(state);
  await rm(privateKeyFile);
  const loading = loadOrCreateIdentity(state);
  await expect(loading).rejects.toMatchObject({ name: 'QuicError', code: 'ERR_QUIC_IDENTITY' });
  await expect(loading).rejects.toThrow(privateKeyFile);
  await expect(loading).rejects.toThrow(certificateFile);
});

test('a key of another certificate, and a file that is none, are errors', async () => {
  const state = await folder();
  const files = await loadOrCreateIdentity(state);
  await writeFile(files.privateKeyFile, (await makeCertificate()).privateKeyPem);
  await expect(loadIdentity(files)).rejects.toThrow('is not the key of');
  await writeFile(files.certificateFile, 'nothing');
  await expect(loadIdentity(files)).rejects.toMatchObject({ code: 'ERR_QUIC_IDENTITY' });
});

test('a folder that cannot be written is an error with a code', async () => {
  const state = await folder();
  await writeFile(state, 'a file');
  await chmod(state, 0o600);
  await expect(loadOrCreateIdentity(join(state, 'below'))).rejects.toMatchObject({ code: 'ERR_QUIC_IDENTITY' });
});

test('a pin is read in every form that it is written in', async () => {
  const { certificatePem } = await makeCertificate();
  const pin = pinOf(certificatePem);
  const hex = Buffer.from(pin).toString('hex');
  for (const text of [
    formatPin(pin),
    formatPin(pin).slice('sha256//'.length),
    hex,
    hex.toUpperCase(),
    (hex.match(/../g) ?? []).join(':'),
  ]) {
    expect(parsePin(text)).toEqual(pin);
  }
  for (const text of ['', 'sha256//', 'sha256//AAAA', `${hex}0`, 'md5//AAAA', `${formatPin(pin)}=`]) {
    expect(() => parsePin(text)).toThrow(expect.objectContaining({ code: 'ERR_QUIC_OPTION' }));
  }
  expect(createPrivateKey((await makeCertificate()).privateKeyPem).asymmetricKeyType).toBe('ec');
});

test('nodes that were trusted are known again by whoever reads the file next', async () => {
  const file = join(await folder(), 'known-nodes');
  const known = await loadKnownNodes(file);
  expect(known.pinOf('node.example:4433')).toBeUndefined();
  const pin = new Uint8Array(32).fill(9);
  await known.remember('node.example:4433', pin);
  await known.remember('[2001:db8::1]:4433', pin);
  expect((await loadKnownNodes(file)).pinOf('node.example:4433')).toEqual(pin);
  expect(await readFile(file, 'utf8')).toBe(`node.example:4433 ${formatPin(pin)}\n[2001:db8::1]:4433 ${formatPin(pin)}\n`);
  await expect(known.remember('two words', pin)).rejects.toMatchObject({ code: 'ERR_QUIC_OPTION' });
});

test('a file of known nodes with a line that is none is an error that names the line, and stays as it is', async () => {
  const file = join(await folder(), '..', 'known-nodes');
  const text = `# trusted\n\nnode.example:4433 ${formatPin(new Uint8Array(32))}\nbroken\n`;
  await writeFile(file, text);
  await expect(loadKnownNodes(file)).rejects.toThrow(`${file}, line 4`);
  expect(await readFile(file, 'utf8')).toBe(text);
});
