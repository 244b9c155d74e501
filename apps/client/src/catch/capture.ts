import { CaptureError } from '@lightspeed/capture';
import type { CaptureClient, CaptureTarget } from '@lightspeed/capture';
import { closeFd, returnProgramPages } from '@lightspeed/udp';
import { ClientError } from '../base/errors.ts';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { DIRECT } from '../settings/way-settings.ts';
import type { CaptureSettings } from '../settings/tunnel-settings.ts';
import type { WayRule } from '../settings/way-settings.ts';
import type { CaughtFlow } from '../ingress/transparent/messages.ts';
import { CaptureLink, TRIAL_ENDPOINT, capturedFlow } from './capture-link.ts';
import type { CaptureNews } from './capture-link.ts';

/** The helper takes memory besides: so what only the start of this program needed is given back after this time. */
const RETURN_PAGES_MS = 5_000;

/** What a client catches by the helper: from the rules to the tunnel. */
export class Capture {
  readonly settings: CaptureSettings;
  readonly ways: readonly WayRule[];
  readonly target: CaptureTarget;
  /** IPv4 addresses that are never caught. */
  readonly nodes: readonly string[];
  readonly #helper: CaptureClient;
  readonly #fd: number;

  private constructor(helper: CaptureClient, fd: number, of: Pick<Capture, 'target' | 'nodes'>, isDirect: boolean) {
    this.target = of.target;
    this.nodes = of.nodes;
    this.#helper = helper;
    this.#fd = fd;
    this.settings = { fd, trial: TRIAL_ENDPOINT };
    this.ways = isDirect ? [{ servers: '0.0.0.0/0', way: DIRECT }] : [];
  }

  /**
   * Has the helper make the rules. Nothing is caught before {@link begin}.
   * @param nodes IPv4 addresses that are never caught.
   * @param isDirect whether everything that is caught goes directly.
   * @param connect connects with the helper
   * @throws {ClientError} `ERR_CLIENT_CAPTURE` with what to do.
   */
  static async prepare(target: CaptureTarget, nodes: readonly string[], isDirect: boolean, connect: () => CaptureClient): Promise<Capture> {
    return explained(async () => {
      const helper = connect();
      try {
        const { fd } = await helper.catch(target, nodes);
        return new Capture(helper, fd, { target, nodes }, isDirect);
      } catch (error) {
        helper.close();
        throw error;
      }
    });
  }

  /** Resolves with the reason when nothing is caught any more, whoever has ended it. */
  get ended(): Promise<string> {
    return new Promise((resolve) => this.#helper.once('ended', resolve));
  }

  /** Connects it with a tunnel that has its settings. */
  connect(tunnel: RunningTunnel, news: CaptureNews): void {
    new CaptureLink(this.#helper, tunnel, news);
    tunnel.once('closed', () => {
      this.#helper.close();
      closeFd(this.#fd);
    });
  }

  /** A trial goes the whole way; then everything is caught. @throws {ClientError} `ERR_CLIENT_CAPTURE` */
  async begin(): Promise<void> {
    await explained(() => this.#helper.trial());
    setTimeout(returnProgramPages, RETURN_PAGES_MS).unref();
  }

  /** Puts one of the user's processes among what is caught. @throws {ClientError} `ERR_CLIENT_CAPTURE` */
  place(pid: number): Promise<void> {
    return explained(() => this.#helper.place(pid));
  }

  /** For how many milliseconds the program of a flow that the kernel carries was silent; undefined if nobody knows. */
  async silentMs(flow: CaughtFlow): Promise<number | undefined> {
    try {
      return await this.#helper.silentMs(capturedFlow(flow));
    } catch (error) {
      if (error instanceof CaptureError) return undefined;
      throw error;
    }
  }

  /** Datagrams that were caught, and that the kernel carried. @throws {ClientError} `ERR_CLIENT_CAPTURE` */
  counts(): ReturnType<CaptureClient['counts']> {
    return explained(() => this.#helper.counts());
  }

  /** From now on everything goes as if there were none. Harmless when repeated. */
  close(): void {
    this.#helper.close();
  }
}

/** Says it as an error of the client. @throws {ClientError} `ERR_CLIENT_CAPTURE` */
export async function explained<T>(does: () => Promise<T>): Promise<T> {
  try {
    return await does();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    const where = error.code === 'trial_failed' ? 'nothing is caught, since a trial failed: ' : '';
    throw new ClientError('ERR_CLIENT_CAPTURE', `${where}${error.message}`, { cause: error });
  }
}
