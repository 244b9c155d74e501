/*
 * Firewall marks: the upper half says that a packet is ours, the lower half which capture it belongs to. The upper halves
 * are not among those that Tailscale (0x40000, 0x80000 of 0xff0000), wg-quick (51820), Docker and Kubernetes use.
 */
const CAUGHT = 0x4c53_0000;
const ANSWER = 0x4c54_0000;
const LAN_ANSWER = 0x4c55_0000;
const RESENT = 0x4c56_0000;
/** What a capture's rules have let pass: it leaves, or arrives, like any other packet. */
const PASSED = 0x4c57_0000;
const MASK = 'ffff0000';

/** Most captures at once on a machine. */
export const MAX_CAPTURES = 64;
/** The highest number of a capture. Bits above it are taken: by Kubernetes (0x4000, 0x8000). */
export const MAX_CAPTURE_NUMBER = 0x3fff;

/** The routing table that brings caught packets to this machine's own sockets, and the preferences of the rules. */
export const ROUTING_TABLE = 19_539;
const PREFERENCE = { caught: 1_907, answer: 1_908, gateway: 1_909, lanAnswer: 1_910, passed: 1_911 } as const;

/** IPv4's room in a packet to a node: games that set DF learn that 1,452 bytes of payload fit. */
const CAUGHT_MTU = 1_480;

/** The marks of one capture. */
export interface Marks {
  /** What is caught: routed to this machine's own sockets. */
  readonly caught: number;
  /** Answers in a server's name. Those for programs of this machine cannot leave it. */
  readonly answer: number;
  /** What the helper sends in a program's name: only flows that were caught pass. */
  readonly resent: number;
  /** Answers and what is sent again, once the capture's rules have let it pass. */
  readonly passed: number;
}

/** @param number of the capture, 1 to {@link MAX_CAPTURE_NUMBER}. */
export function marksOf(number: number, isGateway: boolean): Marks {
  const answer = (isGateway ? LAN_ANSWER : ANSWER) | number;
  return { caught: CAUGHT | number, answer, resent: RESENT | number, passed: PASSED | number };
}

/** The number of the capture that a mark of a socket belongs to; undefined if the mark is none of ours. */
export function numberOfMark(mark: number): number | undefined {
  const kind = mark & ~0xffff;
  return kind === ANSWER || kind === LAN_ANSWER || kind === RESENT ? mark & 0xffff : undefined;
}

/** What no packet may carry when all captures have looked at it, as an expression of nftables. */
export const GUARDED = `meta mark & 0x${MASK} { ${[ANSWER, LAN_ANSWER, RESENT].map(hex).join(', ')} }`;
/** What a capture has let pass. */
export const IS_PASSED = `meta mark & 0x${MASK} == ${hex(PASSED)}`;

/** The words of `ip rule add` or `ip rule delete` for the rules that belong to the installation: they do nothing while nothing is caught. */
export const ROUTING_RULES: readonly (readonly string[])[] = [
  ['pref', String(PREFERENCE.caught), 'fwmark', `${hex(CAUGHT)}/0x${MASK}`, 'lookup', String(ROUTING_TABLE)],
  // The rule of the table `local` comes before it: what is for this machine arrives, and nothing leaves.
  ['pref', String(PREFERENCE.answer), 'fwmark', `${hex(ANSWER)}/0x${MASK}`, 'prohibit'],
  // A gateway's rule leads past this one.
  ['pref', String(PREFERENCE.lanAnswer), 'fwmark', `${hex(LAN_ANSWER)}/0x${MASK}`, 'prohibit'],
  ['pref', String(PREFERENCE.passed), 'nop'],
];

/** The words of the rule by which the answers of one gateway leave this machine, as usual: it ends with the gateway. */
export function gatewayRule({ answer }: Marks): readonly string[] {
  return [...ANY_GATEWAY_RULE, 'fwmark', hex(answer), 'goto', String(PREFERENCE.passed)];
}

/** The words by which `ip rule delete` finds such a rule, whatever gateway has left it. */
export const ANY_GATEWAY_RULE: readonly string[] = ['pref', String(PREFERENCE.gateway)];

/** The words of `ip route replace` or `ip route delete`. */
export const ROUTE: readonly string[] = ['local', 'default', 'dev', 'lo', 'mtu', String(CAUGHT_MTU), 'table', String(ROUTING_TABLE)];

/** A mark as nft and ip write it. */
export function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}
