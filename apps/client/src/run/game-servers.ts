import { formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { findServer } from '../ingress/game-server-name.ts';
import type { FoundServer } from '../ingress/game-server-name.ts';
import type { IngressSettings } from '../settings/ingress-settings.ts';
import type { Command, WorkerMessage } from '../tunnel/messages.ts';

/** How often names are looked up. */
const LOOK_UP_MS = 30_000;

/** A port forward as it is: with its real port. */
export interface Ingress {
  readonly listen: Endpoint;
  readonly gameServer: Endpoint;
  /** The game server's name, if it has one: its address may change. */
  readonly name?: string | undefined;
}

/** What the names of game servers need of the rest. */
export interface GameServersHost {
  /** Tells the data-plane thread. */
  command(command: Command): void;
  /** Something that a user may want to know. */
  told(text: string): void;
}

/**
 * Follows the names of port forwards' game servers: flows that are new go where the name leads then. What cannot be looked up
 * keeps the addresses that it had.
 */
export class GameServers {
  readonly #host: GameServersHost;
  readonly #find: (name: string) => Promise<FoundServer>;
  readonly #timer: NodeJS.Timeout;
  /** By ingress, those that have names: the addresses that are known. */
  readonly #known = new Map<number, { readonly name: string; ips: readonly number[] }>();

  constructor(ingresses: readonly IngressSettings[], host: GameServersHost, find = findServer) {
    this.#host = host;
    this.#find = find;
    ingresses.forEach(({ name, gameServer }, index) => {
      if (name !== undefined) this.#known.set(index, { name, ips: [gameServer.ip] });
    });
    this.#timer = setInterval(() => void this.lookUp(), LOOK_UP_MS).unref();
    void this.lookUp();
  }

  /** Looks all names up. Never rejects. */
  async lookUp(): Promise<void> {
    await Promise.all(
      [...this.#known].map(async ([ingress, known]) => {
        const { ips } = await this.#find(known.name);
        // Name services give the addresses in another order each time.
        const isNew = ips.length > 0 && (ips.length !== known.ips.length || ips.some((ip) => !known.ips.includes(ip)));
        if (!isNew) return;
        const hasMoved = !ips.some((ip) => known.ips.includes(ip));
        known.ips = ips;
        this.#host.command({ type: 'server-addresses', ingress, ips });
        if (hasMoved) this.#host.told(`game server ${known.name} is at ${ips.map(formatIpv4).join(', ')} now; new flows go there`);
      }),
    );
  }

  /** What the data-plane thread says of a server that does not answer. */
  givenUp({ name, port, silentIp, nextIp }: Extract<WorkerMessage, { type: 'server-given-up' }>): void {
    this.#host.told(
      `game server ${name}:${port} does not answer at ${formatIpv4(silentIp)}; trying its next address ${formatEndpoint(nextIp, port)}`,
    );
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
