import type { CertificateAndKey } from '@lightspeed/control/quic';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { messageOf } from '../base/node-error.ts';
import type { ControlPort } from './control-port.ts';
import type { Identity } from './identity.ts';

/** Puts a certificate that was replaced to use. One that cannot be used leaves the old one in use. */
export class CertificateRenewal {
  readonly #identity: Identity;
  readonly #port: () => ControlPort;
  readonly #log: Logger;

  /** @param port the one that shows the certificate. */
  constructor(identity: Identity, port: () => ControlPort, log: Logger) {
    this.#identity = identity;
    this.#port = port;
    this.#log = log;
  }

  /** To be called now and then: looks whether the files are others. */
  look(): Promise<void> {
    return this.#renew(() => this.#identity.replaced());
  }

  /** The operator may have named other files. */
  reload(config: NodeConfig): Promise<void> {
    return this.#renew(() => this.#identity.reload(config));
  }

  async #renew(replaced: () => Promise<CertificateAndKey | undefined>): Promise<void> {
    try {
      const certificate = await replaced();
      if (certificate === undefined) return;
      const port = this.#port();
      await port.replaceCertificate(certificate);
      this.#log.info({ pin: port.pin }, 'uses a new certificate: clients connect again, and their sessions go on');
    } catch (error) {
      this.#log.error({ why: messageOf(error) }, 'the new certificate cannot be used: the old one stays in use');
    }
  }
}
