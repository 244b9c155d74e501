import type { PageWay, WayPart } from './page-state.ts';

/** A router on the direct way. */
interface Router {
  readonly ttl: number;
  readonly ip: string;
  /** An upper bound: routers take their time to answer. */
  readonly roundTripMs: number;
}

/** What was measured of both ways to a server. Times are round trips in milliseconds. */
export interface MeasuredWays {
  readonly directMs: number;
  /** The server itself was measured. Otherwise it was the last router that answers. */
  readonly isServerMeasured: boolean;
  /** The way by a node: all of it, and to the node alone; undefined where that is not known. */
  readonly node: { readonly name: string; readonly ms: number; readonly toNodeMs: number | undefined };
  /** The nearest first; undefined before anybody has looked. */
  readonly routers: readonly Router[] | undefined;
  /** At which TTL the server answers, if it does. */
  readonly serverTtl: number | undefined;
  /** Why nobody can look for routers here. */
  readonly obstacle: string | undefined;
}

/** Addresses that a first router has only in a home (RFC 1918). */
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;
/** Of a second router at home. Providers use the other private addresses, too. */
const AT_HOME = /^192\.168\./;

/**
 * Both ways in pieces: home, the line to the provider, the routes, and the network of the server (docs/playing.md, The live page). What
 * is not known is left out, and the note says so.
 */
export function piecesOf(measured: MeasuredWays): { readonly ways: PageWay[]; readonly note: string } {
  const { directMs, isServerMeasured, node, routers = [], serverTtl } = measured;
  // Both ways begin with them, so they are no longer than the shorter one.
  const { parts: shared, missing } = nearPieces(routers, Math.min(directMs, node.toNodeMs ?? Infinity));
  const last = routers.at(-1);
  // The router just before the server bounds the server's own part.
  const beforeMs = last?.roundTripMs ?? Infinity;
  const isLast = isServerMeasured && serverTtl === (last?.ttl ?? 0) + 1 && beforeMs >= sum(shared) && beforeMs < directMs;
  const serverMs = isLast ? directMs - beforeMs : 0;
  const parts: WayPart[] = [
    ...shared,
    {
      kind: 'route',
      name: isServerMeasured ? 'to the server' : 'to the last router before the server',
      ms: rest(directMs, shared) - serverMs,
    },
    ...(isLast ? [{ kind: 'server', name: 'the server’s network', ms: serverMs } as const] : []),
  ];
  const direct: PageWay = { way: 'direct', parts };
  const note = noteOf(measured, missing, isLast);
  if (node.toNodeMs === undefined) return { ways: [direct], note };
  const byNode: WayPart[] = [
    ...shared,
    { kind: 'route', name: 'to the node', ms: rest(node.toNodeMs, shared) },
    { kind: 'route', name: 'from the node to the server', ms: Math.max(0, node.ms - node.toNodeMs) },
  ];
  return { ways: [direct, { way: node.name, parts: byNode }], note };
}

/** The pieces that both ways begin with. @param mostMs a router that takes longer has taken its time, or is not on both: it says nothing */
function nearPieces(
  routers: readonly Router[],
  mostMs: number,
): { readonly parts: readonly WayPart[]; readonly missing: readonly string[] } {
  const first = routers.at(0);
  const hasHome = first !== undefined && first.ttl === 1 && PRIVATE.test(first.ip);
  const homes = hasHome ? [first, ...routers.slice(1).filter(({ ttl, ip }) => ttl === 2 && AT_HOME.test(ip))] : [];
  const home = homes.at(-1);
  const provider = routers.at(homes.length);
  const homeMs = home === undefined ? 0 : Math.min(home.roundTripMs, provider?.roundTripMs ?? Infinity);
  const parts: WayPart[] = [];
  if (home !== undefined && homeMs <= mostMs) parts.push({ kind: 'home', name: 'your home', ms: homeMs });
  if (provider !== undefined && provider.roundTripMs <= mostMs) {
    parts.push({ kind: 'provider', name: 'the line to your provider', ms: provider.roundTripMs - homeMs });
  }
  const missing = [...(home === undefined ? ['your home router'] : []), ...(provider === undefined ? ['your internet provider'] : [])];
  return { parts, missing };
}

function noteOf({ routers, obstacle, isServerMeasured }: MeasuredWays, missing: readonly string[], isLast: boolean): string {
  if (obstacle !== undefined) return `Your home and your internet provider are not measured: ${obstacle}.`;
  if (routers === undefined) return 'Your home and your internet provider are being measured.';
  const left = [...missing, 'the node itself', ...(isLast ? [] : ['the server’s own network'])];
  const silent = `Not measured on its own, so part of the piece beside it: ${left.join(', ')}.`;
  return isServerMeasured ? silent : `${silent} The server answers no probes, so the last router before it is measured.`;
}

function rest(totalMs: number, parts: readonly WayPart[]): number {
  return Math.max(0, totalMs - sum(parts));
}

function sum(parts: readonly WayPart[]): number {
  return parts.reduce((total, { ms }) => total + ms, 0);
}
