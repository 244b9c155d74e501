import type { CheckedOptions } from '../base/options.ts';
import { ProbeError } from '../base/errors.ts';
import { fireAll } from '../base/shots.ts';
import type { Shot } from '../base/shots.ts';
import { whyNoProbeSockets } from '../linux/probe-socket.ts';
import { SocketShot } from '../linux/socket-shot.ts';

/*
 * A datagram with a TTL of n ends at the n-th router, which says so by ICMP (RFC 792, time exceeded). The search goes up from 1 until
 * the server answers, or nobody does any more. The last router that has answered is what is measured from then on: with its TTL no
 * datagram comes further. None has a payload: those few that reach a silent server in the search say nothing to it.
 */
const TIME_EXCEEDED = 11;
const NOTHING = new Uint8Array(0);
/** The longest way that is looked at. */
const MAX_TTL = 32;
/** So many TTLs are tried at a time. */
const WAVE = 4;
/** After so many waves without any answer the rest of the way is silent. */
const MAX_SILENT_WAVES = 2;
/** What a router of the search has to answer. */
const ROUTER_TIMEOUT_MS = 500;

/** Most datagrams of one search that may reach a server which answers nothing. They are empty. */
export const MAX_SEARCH_DATAGRAMS_AT_SERVER = WAVE * (MAX_SILENT_WAVES + 1) - 1;

/** One of the last routers before a server that answer. */
export interface LastRouter {
  /** With this TTL, datagrams end at it. */
  readonly ttl: number;
  /** Its address, by which it answered in the search. */
  readonly ip: string;
}

/** One datagram that ends at a router. @throws {ProbeError} `ERR_PROBE_UNAVAILABLE` */
export function ttlShot({ target, mark, source }: Pick<CheckedOptions, 'target' | 'mark' | 'source'>, ttl: number): Shot {
  const why = whyNoProbeSockets();
  if (why !== undefined) throw new ProbeError('ERR_PROBE_UNAVAILABLE', `no probes by TTL: ${why}`);
  return new SocketShot({ protocol: 'udp', target, mark, source, ttl }, NOTHING, ({ error }) =>
    error?.type === TIME_EXCEEDED && error.offender !== target.ip ? error.offender : undefined,
  );
}

/** A router on the way to a server, as it has answered once. */
export interface WayRouter extends LastRouter {
  readonly roundTripMs: number;
}

/** The routers on the way to a server that answer. */
export interface WayRouters {
  /** The nearest first; silent ones are left out. */
  readonly routers: readonly WayRouter[];
  /** With this TTL the server itself has answered; undefined if it was silent. */
  readonly serverTtl: number | undefined;
}

/**
 * Looks for the routers before a server. It takes at most 8 waves of 4 empty datagrams.
 * @throws {ProbeError} `ERR_PROBE_UNAVAILABLE`
 */
export async function findRouters(options: Pick<CheckedOptions, 'target' | 'mark' | 'source'>): Promise<WayRouters> {
  const routers: WayRouter[] = [];
  let silentWaves = 0;
  for (let first = 1; first <= MAX_TTL && silentWaves < MAX_SILENT_WAVES; first += WAVE) {
    const shots: ReachShot[] = [];
    const answers = await fireAll(WAVE, 0, ROUTER_TIMEOUT_MS, (number) => {
      const shot = new ReachShot(options, first + number);
      shots.push(shot);
      return shot;
    });
    const reached = shots.findIndex((shot) => shot.hasReachedServer);
    const before = reached < 0 ? answers : answers.slice(0, reached);
    const found = before.flatMap((answer, at) =>
      answer === undefined ? [] : [{ ttl: first + at, ip: answer.origin, roundTripMs: answer.roundTripMs }],
    );
    routers.push(...found);
    if (reached >= 0) return { routers, serverTtl: first + reached };
    silentWaves = found.length === 0 ? silentWaves + 1 : 0;
  }
  return { routers, serverTtl: undefined };
}

/** As {@link ttlShot}; and it hears the server itself, which says that nobody is at the port, or answers. */
class ReachShot implements Shot {
  hasReachedServer = false;
  readonly #shot: SocketShot;

  constructor({ target, mark, source }: Pick<CheckedOptions, 'target' | 'mark' | 'source'>, ttl: number) {
    const why = whyNoProbeSockets();
    if (why !== undefined) throw new ProbeError('ERR_PROBE_UNAVAILABLE', `no probes by TTL: ${why}`);
    this.#shot = new SocketShot({ protocol: 'udp', target, mark, source, ttl }, NOTHING, ({ error }) => {
      if (error?.type === TIME_EXCEEDED && error.offender !== target.ip) return error.offender;
      this.hasReachedServer ||= error === undefined || error.offender === target.ip;
      return this.hasReachedServer ? target.ip : undefined;
    });
  }

  fire(): void {
    this.#shot.fire();
  }

  look(): ReturnType<Shot['look']> {
    return this.#shot.look();
  }

  close(): void {
    this.#shot.close();
  }
}
