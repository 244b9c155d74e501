import { formatAddressWords, formatIpv4 } from '@lightspeed/wire';
import type { NodeConfig } from '../config/node-config.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Client, RegisterRefusal } from './client.ts';
import { GONE_MS } from './lost-clients.ts';

/** Who has not answered on the control connection within this time, nor sent a packet, is taken to be gone. */
const PROBE_MS = 2_000;
/** A ticket may allow very many sessions. So many of them are asked at once. */
const MAX_PROBED = 16;

type RivalTimes = Pick<NodeConfig, 'graceSecs' | 'sessionTimeoutSecs'>;

/**
 * Sessions of the ticket of a client that wants one more than the ticket allows. A client that was killed says no goodbye, and its
 * session would keep its own successor out. Whoever does not answer loses the session to the newcomer; whoever answers keeps it.
 * Only a client with the same ticket gets that far.
 */
export class Rivals {
  readonly #supervisor: Pick<Supervisor, 'claims' | 'idleMsOf'>;
  readonly #end: (client: Client) => void;
  /** By ticket id: those who come meanwhile wait for the same answers. */
  readonly #probes = new Map<string, Promise<void>>();

  /** @param end ends the registration of a client, and its session. */
  constructor(supervisor: Pick<Supervisor, 'claims' | 'idleMsOf'>, end: (client: Client) => void) {
    this.#supervisor = supervisor;
    this.#end = end;
  }

  /**
   * Asks those who keep a client out, and ends the session of one that is gone.
   * @returns when that is done, never rejected; undefined if the refusal has another reason.
   */
  makeRoom({ rivals }: RegisterRefusal): Promise<void> | undefined {
    if (rivals === undefined) return undefined;
    const { ticketId, sessions } = rivals;
    const running = this.#probes.get(ticketId);
    if (running !== undefined) return running;
    const probe = this.#endOneThatIsGone(sessions)
      .catch(() => undefined)
      .finally(() => this.#probes.delete(ticketId));
    this.#probes.set(ticketId, probe);
    return probe;
  }

  async #endOneThatIsGone(rivals: readonly Client[]): Promise<void> {
    const lost = rivals.filter(({ link }) => link === undefined);
    const silent = await this.#silentFor(GONE_MS, lost);
    if (silent !== undefined && silent.link === undefined) return this.#end(silent);
    const startedMs = performance.now();
    const asked = rivals.flatMap((client) => (client.link === undefined ? [] : [{ client, link: client.link }])).slice(0, MAX_PROBED);
    const answers = await Promise.all(asked.map(({ link }) => link.answers(PROBE_MS)));
    const unanswered = asked.filter(({ client, link }, place) => !answers[place] && client.link === link);
    const gone = await this.#silentFor(
      performance.now() - startedMs,
      unanswered.map(({ client }) => client),
    );
    if (gone === undefined) return;
    void gone.link?.dismiss('normal', 'it did not answer, and another client with its ticket has taken its place');
    this.#end(gone);
  }

  /** One of the clients that has sent no packet for so long; undefined if there is none. */
  async #silentFor(ms: number, clients: readonly Client[]): Promise<Client | undefined> {
    if (clients.length === 0) return undefined;
    const { claims } = this.#supervisor;
    const idleMs = await this.#supervisor.idleMsOf(clients.map(({ sessionId }) => sessionId));
    // A worker that does not answer may be busy with its packets.
    return clients.find(({ index, sessionId }) => !claims.isClaimed(index) || (idleMs.get(sessionId) ?? 0) >= ms);
  }
}

/**
 * The refusal of a client that wants one session too many, with words about the session that will be over first. They say since
 * when it is used, from where, and how long it lasts. They tell the holder of the ticket no more than a prefix of the other address.
 */
export function tellOfRival(refusal: RegisterRefusal, times: RivalTimes): RegisterRefusal {
  const rivals = refusal.rivals?.sessions ?? [];
  const rival = rivals.find(({ link }) => link === undefined) ?? rivals.at(0);
  if (rival === undefined) return refusal;
  const nowMs = performance.now();
  const sinceMs = nowMs - rival.sinceMs;
  const which = rivals.length === 1 ? 'it is used' : `one of its ${rivals.length} sessions is used`;
  const where = `${which} from ${shownPrefix(rival)}`;
  if (rival.link !== undefined) {
    const since = new Date(Date.now() - sinceMs).toISOString().slice(0, 16).replace('T', ' ');
    return { ...refusal, text: `${refusal.text}; ${where} since ${since} UTC, until that client ends or answers no more` };
  }
  const leftMs = Math.max(1_000, rival.lookAtMs - nowMs);
  const lost = `whose control connection was lost ${seconds(sinceMs)} ago`;
  const most = seconds(Math.max(leftMs, times.sessionTimeoutSecs * 1_000 - sinceMs));
  return {
    ...refusal,
    text: `${refusal.text}; ${where}, ${lost}; that session ends in ${seconds(leftMs)}, or in ${most} while packets come`,
  };
}

/** Enough to know one's own network by: 24 bits of an IPv4 address, 48 of an IPv6 address. */
function shownPrefix({ prefixHigh, prefixLow }: Client): string {
  if (prefixHigh === 0) return `${formatIpv4(prefixLow & 0xffff_ff00)}/24`;
  return `${formatAddressWords(prefixHigh, prefixLow & 0xffff_0000, 0, 0)}/48`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
