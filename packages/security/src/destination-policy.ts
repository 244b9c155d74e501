import { DropReason, formatEndpoint, formatIpv4 } from '@lightspeed/wire';
import type { AddressHandle, Port } from '@lightspeed/wire';
import { BUILT_IN_DENIALS } from './built-in-denials.ts';
import type { BuiltInDenial } from './built-in-denials.ts';
import { formatDestinationRule } from './destination-rule.ts';
import type { DestinationRule } from './destination-rule.ts';
import { DestinationRuleSet } from './destination-rule-set.ts';
import { requireInteger } from './option-ranges.ts';

/** 127.0.0.0/8. */
const LOOPBACK_NETWORK = 127;

/** The rules of the operator, and the addresses and ports of the node itself. */
export interface DestinationPolicyOptions {
  /** Destinations to relay to although a built-in denial covers them. */
  readonly allow?: readonly DestinationRule[];
  /** Destinations never to relay to, whatever else is said. */
  readonly deny?: readonly DestinationRule[];
  /** Relay to nothing but what the allow list covers. Default false. */
  readonly onlyAllowed?: boolean;
  /** UDP ports of the node itself: nothing is relayed to them on the node's machine, whatever is allowed. */
  readonly ownPorts?: readonly number[];
  /** All IPv4 addresses of the node's machine, signed or unsigned form; see also `setOwnAddresses`. */
  readonly ownAddresses?: readonly number[];
}

/**
 * Where a node relays to (docs/protocol.md, Limits). The first that covers a destination decides:
 *
 * 1. the operator's deny list, and the node's own ports on its own machine: packets could go round in the node, and clients
 *    register as if they were the node,
 * 2. the operator's allow list,
 * 3. the built-in denials: networks without public game servers, port 0, the node's own addresses;
 *
 * and what nothing covers is open, or with `onlyAllowed` closed. A rule without ports covers 1 to 65,535, so port 0 is never
 * open.
 */
export class DestinationPolicy {
  #allow: readonly DestinationRule[] = [];
  #deny: readonly DestinationRule[] = [];
  #allowed = new DestinationRuleSet([]);
  #denied = new DestinationRuleSet([]);
  readonly #builtIn: DestinationRuleSet;
  #onlyAllowed = false;
  readonly #ownPorts: readonly number[];
  #own: Int32Array;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if one of `ownAddresses` is not a 32-bit number. */
  constructor(options: DestinationPolicyOptions = {}) {
    this.setRules(options);
    this.#builtIn = new DestinationRuleSet(BUILT_IN_DENIALS);
    this.#ownPorts = [...(options.ownPorts ?? [])];
    this.#own = addressBits(options.ownAddresses ?? []);
  }

  /** The operator has other rules now; the node's own addresses and ports stay. */
  setRules({ allow = [], deny = [], onlyAllowed = false }: Pick<DestinationPolicyOptions, 'allow' | 'deny' | 'onlyAllowed'>): void {
    this.#allow = [...allow];
    this.#deny = [...deny];
    this.#allowed = new DestinationRuleSet(this.#allow);
    this.#denied = new DestinationRuleSet(this.#deny);
    this.#onlyAllowed = onlyAllowed;
  }

  /**
   * The node's machine has these IPv4 addresses now, signed or unsigned form.
   * @throws {SecurityError} as the constructor
   */
  setOwnAddresses(ips: readonly number[]): void {
    this.#own = addressBits(ips);
  }

  /**
   * @param ip - signed or unsigned form.
   * @returns 0 if the destination is open, otherwise `DropReason.destinationDenied`.
   */
  verdict(ip: AddressHandle, port: Port): 0 | DropReason {
    if (this.#denied.find(ip, port) >= 0 || this.#isOwnPort(ip, port)) return DropReason.destinationDenied;
    if (this.#allowed.find(ip, port) >= 0) return 0;
    if (this.#onlyAllowed) return DropReason.destinationDenied;
    if (port === 0 || this.#builtIn.find(ip, port) >= 0 || this.#isOwn(ip)) return DropReason.destinationDenied;
    return 0;
  }

  /**
   * Says which rule decides, in a line for logs and for checking a configuration. It starts with `allowed` exactly when
   * {@link verdict} is 0, otherwise with `denied`.
   */
  explain(ip: AddressHandle, port: Port): string {
    return `${this.#reasonOf(ip, port)} (${formatEndpoint(ip, port)})`;
  }

  #reasonOf(ip: AddressHandle, port: Port): string {
    const denying: DestinationRule | undefined = this.#deny[this.#denied.find(ip, port)];
    if (denying !== undefined) return `denied by the deny list's ${formatDestinationRule(denying)}`;
    if (this.#isOwnPort(ip, port)) return "denied: one of the node's own ports";
    const allowing: DestinationRule | undefined = this.#allow[this.#allowed.find(ip, port)];
    if (allowing !== undefined) return `allowed by the allow list's ${formatDestinationRule(allowing)}`;
    if (this.#onlyAllowed) return 'denied: the allow list does not cover it, and nothing else is open';
    const builtIn: BuiltInDenial | undefined = BUILT_IN_DENIALS[this.#builtIn.find(ip, port)];
    if (builtIn !== undefined) {
      return `denied by default: ${formatIpv4(builtIn.network)}/${builtIn.prefixLength} is ${builtIn.name}`;
    }
    if (port === 0) return 'denied by default: port 0 names no program';
    if (this.#isOwn(ip)) return "denied by default: one of the node's own addresses";
    return 'allowed: no rule covers it';
  }

  #isOwnPort(ip: AddressHandle, port: Port): boolean {
    for (let i = 0; i < this.#ownPorts.length; i++) {
      // 0.0.0.0 as a destination is this machine, too.
      if (this.#ownPorts[i] === port) return ip === 0 || ip >>> 24 === LOOPBACK_NETWORK || this.#isOwn(ip);
    }
    return false;
  }

  #isOwn(ip: AddressHandle): boolean {
    const pattern = ip | 0;
    for (let i = 0; i < this.#own.length; i++) {
      if (this.#own[i] === pattern) return true;
    }
    return false;
  }
}

function addressBits(ips: readonly number[]): Int32Array {
  return Int32Array.from(ips, (ip) => requireInteger('ownAddresses', ip, -0x8000_0000, 0xffff_ffff));
}
