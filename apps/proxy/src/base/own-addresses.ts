import { localHosts } from '@lightspeed/control/quic';
import { parseIpv4 } from '@lightspeed/wire';

/** A look takes some 60 us; what changes is acted on within a second. */
const LOOK_EVERY_MS = 400;

/** The IPv4 addresses among addresses in text, unsigned. */
export function ipv4Of(hosts: readonly string[]): number[] {
  return hosts.map(parseIpv4).filter((ip) => ip !== undefined);
}

/**
 * Follows the addresses of this machine, of both families, for all who need them. The control plane listens on each, and
 * nothing is relayed to any. Node has no event for them, so it looks.
 */
export class OwnAddresses {
  readonly #read: () => readonly string[];
  readonly #followers: ((hosts: readonly string[]) => unknown)[] = [];
  #hosts: readonly string[];
  #timer: NodeJS.Timeout | undefined;

  /** @param read how to get them. */
  constructor(read: () => readonly string[] = localHosts) {
    this.#read = read;
    this.#hosts = read();
  }

  /** As the system said last, in the form of RFC 5952. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** @param follower told at every look: what could not be done at one may be possible at the next. */
  follow(follower: (hosts: readonly string[]) => unknown): void {
    this.#followers.push(follower);
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Looks now. */
  look(): void {
    this.#hosts = this.#read();
    for (const follower of this.#followers) follower(this.#hosts);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
