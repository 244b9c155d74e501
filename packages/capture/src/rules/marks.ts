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
/** The highest number of a capture: the lower half of a mark. */
export const MAX_CAPTURE_NUMBER = 0xffff;

/** The routing table that brings caught packets to this machine's own sockets, and the first of the preferences of its rules. */
export const ROUTING_TABLE = 19_539;
const PREFERENCE = 1_907;

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

/** The marks that only a capture's rules let pass, as nft writes a set of them, and their mask. */
export const GUARDED_MARKS = [ANSWER, LAN_ANSWER, RESENT].map((mark) => `0x${mark.toString(16)}`).join(', ');
/** See {@link GUARDED_MARKS}. */
export const MARK_MASK = `0x${MASK}`;

/** The words of `ip rule add` or `ip rule delete` for the rules that belong to the installation: they do nothing while nothing is caught. */
export const ROUTING_RULES: readonly (readonly string[])[] = [
  ['pref', String(PREFERENCE), 'fwmark', `0x${CAUGHT.toString(16)}/0x${MASK}`, 'lookup', String(ROUTING_TABLE)],
  // The rule of the table `local` comes before it: what is for this machine arrives, and nothing leaves.
  ['pref', String(PREFERENCE + 1), 'fwmark', `0x${ANSWER.toString(16)}/0x${MASK}`, 'prohibit'],
];

/** The words of `ip route replace` or `ip route delete`. */
export const ROUTE: readonly string[] = ['local', 'default', 'dev', 'lo', 'mtu', String(CAUGHT_MTU), 'table', String(ROUTING_TABLE)];
