import { createHmac } from 'node:crypto';
import { loadIdentity, loadOrCreateIdentity, makeCertificate } from '@lightspeed/control/quic';
import type { CertificateAndKey } from '@lightspeed/control/quic';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { NodeError, messageOf } from '../base/node-error.ts';
import { openKey } from '../state/private-files.ts';
import { WatchedFiles } from './watched-files.ts';

/** Who the node is to its clients, and where that is read again when it is replaced. */
export class Identity {
  #certificate: CertificateAndKey;
  #files: { readonly certificateFile: string; readonly privateKeyFile: string } | undefined;
  #watched: WatchedFiles | undefined;

  private constructor(certificate: CertificateAndKey, files?: { certificateFile: string; privateKeyFile: string }) {
    this.#certificate = certificate;
    this.#files = files;
    this.#watched = files && new WatchedFiles([files.certificateFile, files.privateKeyFile]);
  }

  /**
   * It comes from the files that the configuration names, or else from the state folder, where the first start makes
   * it. Without both, it lives as long as the node.
   * @throws {NodeError}
   */
  static async load(config: NodeConfig, log: Logger): Promise<Identity> {
    const { certificate, privateKey, stateDir } = config;
    try {
      if (certificate !== undefined && privateKey !== undefined) {
        const files = { certificateFile: certificate, privateKeyFile: privateKey };
        const open = await openKey(privateKey);
        if (open !== undefined) log.warn({ path: privateKey, mode: open.mode }, 'others can read the private key: chmod 0600 it');
        return await Identity.#watching(new Identity(await loadIdentity(files), files));
      }
      if (stateDir === undefined) {
        log.warn('no state folder: this certificate and its pin are valid only for this run; see --state-dir');
        return new Identity(await makeCertificate());
      }
      const own = await loadOrCreateIdentity(stateDir);
      if (own.created) log.info({ file: own.certificateFile }, 'made a certificate for this node');
      return await Identity.#watching(new Identity(own, own));
    } catch (cause) {
      throw new NodeError('ERR_PROXY_IDENTITY', `the node's identity: ${messageOf(cause)}`, { cause });
    }
  }

  static async #watching(identity: Identity): Promise<Identity> {
    await identity.#watched?.changed();
    return identity;
  }

  get certificate(): CertificateAndKey {
    return this.#certificate;
  }

  /** A key of 32 bytes that stays the same as long as the private key does. @param purpose another one for each. */
  deriveKey(purpose: string): Uint8Array {
    return Uint8Array.from(createHmac('sha256', this.#certificate.privateKeyPem).update(purpose).digest());
  }

  /**
   * Follows other files from now on, if others are named.
   * @returns the certificate in them if it is another one, and may be used.
   * @throws {QuicError} if they cannot be used; nothing has changed then.
   */
  async reload({ certificate, privateKey }: NodeConfig): Promise<CertificateAndKey | undefined> {
    if (certificate === undefined || privateKey === undefined || this.#files === undefined) return this.replaced();
    const files = { certificateFile: certificate, privateKeyFile: privateKey };
    await loadIdentity(files);
    this.#files = files;
    const watched = new WatchedFiles([certificate, privateKey]);
    await watched.changed();
    this.#watched = watched;
    return this.#read(files);
  }

  /**
   * Reads the files again if they have changed.
   * @returns the new certificate; undefined if there is none.
   * @throws {QuicError} if there is one that cannot be used, such as when only one of the files is there yet.
   */
  async replaced(): Promise<CertificateAndKey | undefined> {
    if (this.#files === undefined || !(await this.#watched?.changed())) return undefined;
    return this.#read(this.#files);
  }

  async #read(files: { readonly certificateFile: string; readonly privateKeyFile: string }): Promise<CertificateAndKey | undefined> {
    const { certificatePem, privateKeyPem } = await loadIdentity(files);
    const { certificatePem: before, privateKeyPem: keyBefore } = this.#certificate;
    if (certificatePem === before && privateKeyPem === keyBefore) return undefined;
    this.#certificate = { certificatePem, privateKeyPem };
    return this.#certificate;
  }
}
