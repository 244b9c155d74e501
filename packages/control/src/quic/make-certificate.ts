import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';

/** The name in the certificates that are made here, and what clients ask for when they know a node by its address only. */
export const NODE_SERVER_NAME = 'lightspeed-node';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const YEARS = 20;
/** Valid from a day ago, so that a client whose clock is behind takes it too. */
const BACKDATED_MS = 86_400_000;

/**
 * Makes a self-signed certificate for a TLS server: ECDSA P-256, the name `lightspeed-node`, valid for 20 years.
 *
 * @param privateKeyPem the P-256 key to certify; by default a new one
 * @returns the certificate and its key (PKCS #8), both PEM
 */
export async function makeCertificate(privateKeyPem?: string): Promise<{ certificatePem: string; privateKeyPem: string }> {
  // Loaded here because a node needs it once in its life; the library wants the polyfill to be there before it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = privateKeyPem === undefined ? await newPair() : await pairOf(privateKeyPem);
  const notBefore = new Date(Date.now() - BACKDATED_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notBefore.getUTCFullYear() + YEARS);

  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // Positive and of full length whatever the random bytes are (RFC 5280, section 4.1.2.2).
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      name: `CN=${NODE_SERVER_NAME}`,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      keys,
      // No key usage: without the right to sign certificates in it, it would not be taken as its own authority.
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: NODE_SERVER_NAME }]),
      ],
    },
    webcrypto,
  );
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function newPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pairOf(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(privateKeyPem);
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  };
}
