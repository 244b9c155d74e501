import { parsePin } from '@lightspeed/control/quic';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../child-program.ts';
import { LossyLink } from '../lossy-link.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { LabError, reasonOf } from '../errors.ts';
import { PING_MS, Registrant } from './registrant.ts';
import type { RegisteredSession } from './registrant.ts';

/** Which node registers how many clients. */
export interface RegistrantsPlan {
  readonly control: Endpoint;
  readonly pin: string;
  readonly clients: number;
  /** What lets them in, where the node wants that. */
  readonly ticket?: Uint8Array;
  /** How many do so at the same time; all of them when left out. */
  readonly atOnce?: number;
  /** How many addresses of loopback other processes have taken for their clients. */
  readonly takenAddresses?: number;
}

/** A node takes 255 connections of an address. */
const CLIENTS_PER_ADDRESS = 200;
const TIMEOUT_MS = 60_000;
/**
 * Players come at times of their own, and so do their Pings. Those of the n-th client are this part of their period,
 * times n, behind those of the first. The golden ratio spreads any number of them evenly.
 */
const SPREAD = 0.618_034;

/** What the process of the clients does. */
export class Clients {
  readonly #registered: Registrant[] = [];

  /** May be called again, for more clients. Sessions last until all leave, or hang up. */
  async register({ control, pin, clients, ticket, atOnce = clients, takenAddresses = 0 }: RegistrantsPlan) {
    const firstIp = LOOPBACK + 0x200 + takenAddresses + Math.ceil(this.#registered.length / CLIENTS_PER_ADDRESS);
    const addresses = Math.ceil(clients / CLIENTS_PER_ADDRESS);
    const fromIps = Array.from({ length: addresses }, (_, index) => firstIp + index);
    const { address } = await LossyLink.open({ target: control, fromIps, seed: 1, toTarget: {} });
    const startedMs = performance.now();
    let begun = 0;
    let made = this.#registered.length;
    /** When each was registered, since the start of all, ascending; its session has the same place. */
    const tookMs: number[] = [];
    const sessions: RegisteredSession[] = [];
    const failures: string[] = [];
    const node = { host: formatIpv4(address.ip), port: address.port, sha256: parsePin(pin), timeoutMs: TIMEOUT_MS };
    await Promise.all(
      Array.from({ length: Math.min(atOnce, clients) }, async () => {
        while (begun++ < clients) {
          try {
            const registrant = await Registrant.register({ ...node, ticket, firstPingMs: PING_MS * ((made++ * SPREAD) % 1) });
            this.#registered.push(registrant);
            sessions.push(registrant.session);
            tookMs.push(performance.now() - startedMs);
          } catch (error) {
            failures.push(reasonOf(error));
          }
        }
      }),
    );
    return { tookMs, sessions, failures: counted(failures) };
  }

  /** Ends every registration as a client does. */
  async leave(): Promise<void> {
    await Promise.allSettled(this.#registered.splice(0).map((registrant) => registrant.leave()));
  }

  /**
   * Closes all control connections and says nothing about it: sessions go on as long as the node gives them grace.
   * Rejects if some had been lost before.
   */
  async hangUp(): Promise<void> {
    const lost = counted(this.#registered.map(({ lostBy }) => lostBy).filter((why) => why !== undefined));
    await Promise.allSettled(this.#registered.splice(0).map((registrant) => registrant.hangUp()));
    if (lost.length > 0) throw new LabError('ERR_LAB_PROCESS', `control connections were lost: ${lost.join('; ')}`);
  }
}

function counted(reasons: readonly string[]): string[] {
  return [...Map.groupBy(reasons, (why) => why)].map(([why, { length }]) => `${length} times: ${why}`);
}

answerParent(new Clients());
