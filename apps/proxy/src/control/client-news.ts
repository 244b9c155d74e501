import type { SessionReport } from '@lightspeed/session';
import type { Client } from './client.ts';
import type { WorkerNews } from '../supervisor/registered-clients.ts';

/** Passes what workers tell of clients on to those who act on it. */
export class ClientNews implements WorkerNews {
  /** A client has opened new destinations for as long as earns a ban. */
  onMisuse: (client: Client) => void = () => undefined;
  /** What the log says of a client besides its address. */
  onName: (client: Client) => Readonly<Record<string, string>> = () => ({});
  /** How the packets of a client's session fare. */
  onReport: (client: Client, report: SessionReport) => void = () => undefined;
  /** The packets of a client are to have tags. */
  onTagging: (client: Client) => void = () => undefined;
  /** Somebody sends packets with wrong tokens or tags in a client's name. */
  onAttack: (client: Client) => void = () => undefined;
  readonly #find: (sessionId: number) => Client | undefined;

  /** @param find the client of a session, if it is still there. */
  constructor(find: (sessionId: number) => Client | undefined) {
    this.#find = find;
  }

  misused(sessionId: number): void {
    const client = this.#find(sessionId);
    if (client !== undefined) this.onMisuse(client);
  }

  nameOf(sessionId: number): Readonly<Record<string, string>> {
    const client = this.#find(sessionId);
    return client === undefined ? {} : this.onName(client);
  }

  reported(reports: readonly SessionReport[]): void {
    for (const report of reports) {
      const client = this.#find(report.sessionId);
      if (client !== undefined) this.onReport(client, report);
    }
  }

  tagging(sessionId: number): void {
    const client = this.#find(sessionId);
    if (client !== undefined) this.onTagging(client);
  }

  attacked(sessionId: number): void {
    const client = this.#find(sessionId);
    if (client !== undefined) this.onAttack(client);
  }
}
