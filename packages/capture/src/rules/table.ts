import type { CapturedFlow, FlowAddress } from '../protocol.ts';
import { IS_PASSED, hex } from './marks.ts';
import type { Marks } from './marks.ts';
import { NEVER_PORTS, NEVER_PREFIXES, STUN_PORTS } from './never.ts';
import type { NeverPorts } from './never.ts';

/** A documentation address (RFC 5737), to which no game goes: the trial's server. */
export const TRIAL_SERVER: FlowAddress = { ip: '198.51.100.7', port: 27_015 };

/** How long the kernel remembers a flow in which nothing moves. */
const MEMORY_S = 180;
/** Before the connection tracking of the system: what is caught is not tracked. */
const PRIORITY = -310;
/** Marked packets are looked at before all that is caught, and before the guard. */
const MARKED_PRIORITY = -311;
const FLOW = 'ip saddr . udp sport . ip daddr . udp dport';
const ANSWERED_FLOW = 'ip daddr . udp dport . ip saddr . udp sport';

/** What the rules of a capture are made from. All of it is checked before. */
export interface TableSettings {
  /** The capture's number, from 1. */
  readonly number: number;
  readonly marks: Marks;
  /** The port of the socket to which caught packets go, on 127.0.0.1. */
  readonly port: number;
  /** Servers that are never caught besides: the nodes. */
  readonly nodes: readonly string[];
  readonly target:
    /** A control group by its path below /sys/fs/cgroup, and how deep it is below the root of version 2. */
    | { readonly kind: 'cgroup'; readonly path: string; readonly level: number }
    /** All programs of this network namespace. */
    | { readonly kind: 'namespace' }
    /** What comes in by an interface, and by the one of the trial. */
    | { readonly kind: 'gateway'; readonly lan: readonly string[]; readonly ips: readonly string[]; readonly macs: readonly string[] };
}

/** The name of a capture's table. */
function tableName(number: number): string {
  return `lightspeed_${number}`;
}

/**
 * A capture's table as one command of nft, so that all of it comes or nothing. It belongs to the process that makes it: the
 * kernel removes it with that process. At first its chain `gate` catches only what goes to the trial's server. It notes every
 * other flow as direct, so what flows before the capture stays as it was.
 */
export function tableCommand(settings: TableSettings): string {
  const { number, marks, nodes } = settings;
  const never = [...NEVER_PREFIXES.map(({ prefix }) => prefix), ...nodes.filter((node, index) => nodes.indexOf(node) === index)];
  const set = (name: string, of: string) => `set ${name} { typeof ${of}; flags dynamic, timeout; timeout ${MEMORY_S}s; size 65535; }`;
  const chain = (name: string, ...rules: string[]) => `chain ${name} { ${rules.join('; ')}; }`;
  const pass = `meta mark set ${hex(marks.passed)} accept`;
  const contents = [
    'flags owner',
    // By node, direct, and sockets that are peer-to-peer.
    set('caught', FLOW),
    set('direct', FLOW),
    set('peers', 'ip saddr . udp sport'),
    ...['caught_datagrams', 'direct_datagrams', 'peer_datagrams', 'answers_refused', 'resent_refused'].map((name) => `counter ${name} { }`),
    chain('keep_direct', `update @direct { ${FLOW} } counter name direct_datagrams accept`),
    chain('keep_peer', 'update @peers { ip saddr . udp sport } counter name peer_datagrams accept'),
    chain(
      'take',
      `update @caught { ${FLOW} } counter name caught_datagrams notrack meta mark set ${hex(marks.caught)}`,
      ...taken(settings),
    ),
    chain('gate', `ip daddr != ${TRIAL_SERVER.ip} goto keep_direct`),
    chain(
      'choose',
      `udp dport { ${portsOf(STUN_PORTS)} } goto keep_peer`,
      `udp dport { ${portsOf(NEVER_PORTS)} } accept`,
      `ip daddr { ${never.join(', ')} } accept`,
      'fib daddr type { local, broadcast, multicast } accept',
      `${FLOW} @direct goto keep_direct`,
      `${FLOW} @caught goto take`,
      'ip saddr . udp sport @peers goto keep_peer',
      // The cookie of STUN (RFC 8489), four bytes into the payload.
      '@th,96,32 0x2112a442 goto keep_peer',
      'jump gate',
      'goto take',
    ),
    // Sockets of ours may be where games are.
    chain('program', `${IS_PASSED} accept`, 'goto choose'),
    // The kernel holds the other processes to what was caught, whatever they send.
    chain('answers', `${ANSWERED_FLOW} @caught notrack ${pass}`, 'counter name answers_refused drop'),
    chain('resent', `${FLOW} @caught update @direct { ${FLOW} } ${pass}`, 'counter name resent_refused drop'),
    // Of the type `filter`: another mark is no reason to look for a route again.
    chain(
      'marked',
      `type filter hook output priority ${MARKED_PRIORITY}`,
      `meta mark ${hex(marks.answer)} goto answers`,
      `meta mark ${hex(marks.resent)} goto resent`,
    ),
    ...hooks(settings),
  ];
  return `table ip ${tableName(number)} { ${contents.join('; ')}; }`;
}

/** Open the gate: from now on flows are caught, and counted from 0. */
export function openGateCommands(number: number): string[] {
  return [`reset counters table ip ${tableName(number)}`, `flush chain ip ${tableName(number)} gate`];
}

/** Refused by nft unless the flow is caught. */
export function getCaughtCommand(number: number, { source, server }: CapturedFlow): string {
  return `get element ip ${tableName(number)} caught { ${source.ip} . ${source.port} . ${server.ip} . ${server.port} }`;
}

/** Refused by nft unless the kernel carries the flow. {@link readSilence} reads what it prints. */
export function getDirectCommand(number: number, { source, server }: CapturedFlow): string {
  return `get element ip ${tableName(number)} direct { ${source.ip} . ${source.port} . ${server.ip} . ${server.port} }`;
}

/** For how many milliseconds nothing of a flow has come by: it is remembered for so much less. Undefined if the text does not say. */
export function readSilence(listing: string): number | undefined {
  const [, minutes, seconds, milliseconds] = /expires (?=\d)(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?/.exec(listing) ?? [];
  const left = [minutes, seconds, milliseconds];
  if (left.every((part) => part === undefined)) return undefined;
  const [m, s, ms] = left.map((part) => Number(part ?? 0));
  return Math.max(0, (MEMORY_S - 60 * m - s) * 1_000 - ms);
}

/** Notes a socket of the game that speaks to peers: what it sends goes its own way from now on. */
export function addPeersCommand(number: number, { ip, port }: FlowAddress): string {
  return `add element ip ${tableName(number)} peers { ${ip} . ${port} }`;
}

/** Lists what {@link readCounts} reads. */
export function countersCommand(number: number): string {
  return `list counters table ip ${tableName(number)}`;
}

/** The packets of each counter by its name. */
export function readCounts(listing: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, name, packets] of listing.matchAll(/counter (\w+) \{\s*packets (\d+)/g)) counts.set(name, Number(packets));
  return counts;
}

/** Where the packets of programs come by, and where those come by that are to go to our socket. */
function hooks({ marks, target, port }: TableSettings): string[] {
  if (target.kind === 'gateway') {
    const from = [
      ...(target.ips.length > 0 ? [`ip saddr { ${target.ips.join(', ')} }`] : []),
      ...(target.macs.length > 0 ? [`ether saddr { ${target.macs.join(', ')} }`] : []),
    ];
    const lan = `iifname { ${target.lan.join(', ')} } meta l4proto udp`;
    const rules = from.length === 0 ? [`${lan} goto choose`] : from.map((device) => `${lan} ${device} goto choose`);
    return [`chain prerouting { type filter hook prerouting priority ${PRIORITY}; ${rules.join('; ')}; }`];
  }
  const whose = target.kind === 'namespace' ? '' : ` socket cgroupv2 level ${target.level} "${target.path}"`;
  const toSocket = `iifname "lo" meta mark ${hex(marks.caught)} meta l4proto udp notrack tproxy to 127.0.0.1:${port} accept`;
  return [
    `chain prerouting { type filter hook prerouting priority ${PRIORITY}; ${toSocket}; }`,
    `chain output { type route hook output priority ${PRIORITY}; meta l4proto udp${whose} goto program; }`,
  ];
}

/** What comes in by an interface goes to our socket at once; what leaves a program comes back by loopback first. */
function taken({ target, port }: TableSettings): string[] {
  return target.kind === 'gateway' ? [`meta l4proto udp tproxy to 127.0.0.1:${port} accept`] : ['accept'];
}

function portsOf(list: readonly NeverPorts[]): string {
  return list.map(({ ports }) => ports).join(', ');
}
