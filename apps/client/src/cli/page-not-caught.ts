import { NEVER_PORTS, NEVER_PREFIXES, STUN_PORTS } from '@lightspeed/capture';
import type { CaptureCounts, CaptureTarget } from '@lightspeed/capture';
import type { NotCaught } from '../page/page-state.ts';

/** Whose datagrams are not looked at, by what is caught. */
const OTHERS: Readonly<Record<CaptureTarget['kind'], { readonly what: string; readonly why: string }>> = {
  run: { what: 'programs that run already, and all others', why: 'only the game and what it starts are caught' },
  namespace: { what: 'all other programs', why: 'only the game and what it starts are caught' },
  cgroup: { what: 'all other programs', why: 'only the application that you have named is caught' },
  gateway: { what: 'what this machine itself sends', why: 'only what devices send through this machine is caught' },
};

/**
 * What goes its own way beside a capture, and why (docs/playing.md, Games that choose their server).
 * @param nodes addresses that are never caught.
 * @param counts undefined where the helper does not tell.
 */
export function notCaughtBy(target: CaptureTarget, nodes: readonly string[], counts: CaptureCounts | undefined): NotCaught[] {
  const left = (what: string, why: string, packets: number | null = null): NotCaught => ({ what, why, packets });
  const devices = target.kind === 'gateway' && target.devices.length > 0 ? `only ${target.devices.join(', ')} is caught` : undefined;
  return [
    left('flows that go directly', 'the system carries them by itself, so that the game keeps its port', counts?.direct ?? null),
    left(
      'programs that speak with other players, or with very many servers',
      'another address would break calls between players (STUN); server browsers and torrents are no games',
      counts?.peers ?? null,
    ),
    left(OTHERS[target.kind].what, OTHERS[target.kind].why),
    ...(devices === undefined ? [] : [left('all other devices', devices)]),
    left('what flowed before the start', 'another address in the middle of a match would end it'),
    left('IPv6', 'nodes reach game servers by IPv4 only'),
    ...byReason([...NEVER_PORTS, ...STUN_PORTS].map(({ ports, why }) => ({ what: ports, why }))).map(({ what, why }) =>
      left(portsText(what), why),
    ),
    ...byReason(NEVER_PREFIXES.map(({ prefix, why }) => ({ what: prefix, why }))).map(({ what, why }) => left(what.join(', '), why)),
    ...(nodes.length === 0 ? [] : [left(nodes.join(', '), 'these are your nodes')]),
  ];
}

/** Many ports and networks have the same reason. */
function byReason(
  list: readonly { readonly what: string; readonly why: string }[],
): { readonly what: readonly string[]; readonly why: string }[] {
  const reasons = new Map<string, string[]>();
  for (const { what, why } of list) reasons.set(why, [...(reasons.get(why) ?? []), what]);
  return [...reasons].map(([why, what]) => ({ what, why }));
}

function portsText(ports: readonly string[]): string {
  const isOne = ports.length === 1 && !ports[0].includes('-');
  return `${isOne ? 'port' : 'ports'} ${ports.join(', ')}`;
}
