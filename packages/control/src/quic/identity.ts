import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate } from './make-certificate.ts';
import { formatPin, pinOf } from './pin.ts';
import { QuicError, reasonOf } from './transport/quic-error.ts';
import { replaceFile } from './replace-file.ts';

const CERTIFICATE_FILE = 'control-certificate.pem';
const KEY_FILE = 'control-key.pem';

/** Who a node is to its clients. */
export interface NodeIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the public key. */
  readonly pin: Uint8Array;
  /** The same as `formatPin` writes it. */
  readonly pinText: string;
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** Whether it was made just now. */
  readonly created: boolean;
}

/**
 * The identity in `folder`, made if there is none: an ECDSA P-256 key and a self-signed certificate for 20 years. The
 * files are `control-key.pem` and `control-certificate.pem`, of mode 0600. The folder gets mode 0700 if it has to be
 * made. A crash in the middle of making it leaves either nothing or a key to which the certificate is made next time.
 *
 * @throws {QuicError} `ERR_QUIC_IDENTITY` when the files cannot be read or written, or do not belong together
 */
export async function loadOrCreateIdentity(folder: string): Promise<NodeIdentity> {
  const certificateFile = join(folder, CERTIFICATE_FILE);
  const privateKeyFile = join(folder, KEY_FILE);
  const certificatePem = await readIfThere(certificateFile);
  const privateKeyPem = await readIfThere(privateKeyFile);
  if (certificatePem !== undefined && privateKeyPem === undefined) {
    throw new QuicError('ERR_QUIC_IDENTITY', `${certificateFile} is there, but its key ${privateKeyFile} is not`);
  }
  if (certificatePem !== undefined) return loadIdentity({ certificateFile, privateKeyFile });

  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const made = await makeCertificate(privateKeyPem);
    // The key first: a key without a certificate gets one, a certificate without its key is worth nothing.
    if (privateKeyPem === undefined) await replaceFile(privateKeyFile, made.privateKeyPem);
    await replaceFile(certificateFile, made.certificatePem);
  } catch (thrown) {
    if (thrown instanceof QuicError) throw thrown;
    throw new QuicError('ERR_QUIC_IDENTITY', `no identity can be made in ${folder}: ${reasonOf(thrown)}`, { cause: thrown });
  }
  return { ...(await loadIdentity({ certificateFile, privateKeyFile })), created: true };
}

/**
 * Reads a certificate and its key, wherever they come from; also to be called again when the files have been replaced.
 *
 * @throws {QuicError} `ERR_QUIC_IDENTITY`
 */
export async function loadIdentity(files: { certificateFile: string; privateKeyFile: string }): Promise<NodeIdentity> {
  const { certificateFile, privateKeyFile } = files;
  try {
    const certificatePem = await readFile(certificateFile, 'utf8');
    const privateKeyPem = await readFile(privateKeyFile, 'utf8');
    if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
      throw new QuicError('ERR_QUIC_IDENTITY', `${privateKeyFile} is not the key of ${certificateFile}`);
    }
    const pin = pinOf(certificatePem);
    return { certificatePem, privateKeyPem, pin, pinText: formatPin(pin), certificateFile, privateKeyFile, created: false };
  } catch (thrown) {
    if (thrown instanceof QuicError) throw thrown;
    const words = `${certificateFile} and ${privateKeyFile} cannot be used: ${reasonOf(thrown)}`;
    throw new QuicError('ERR_QUIC_IDENTITY', words, { cause: thrown });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw new QuicError('ERR_QUIC_IDENTITY', `${file} cannot be read: ${reasonOf(thrown)}`, { cause: thrown });
  }
}
