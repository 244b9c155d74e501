import type { AddressHandle, Port } from '@lightspeed/wire';
import type { DestinationRule } from './destination-rule.ts';
import { prefixMask } from './destination-rule.ts';

/** Rules laid out for the packet path: which of them is the first to cover a destination? */
export class DestinationRuleSet {
  readonly #networks: Int32Array;
  readonly #masks: Int32Array;
  readonly #lowPorts: Uint16Array;
  readonly #highPorts: Uint16Array;

  constructor(rules: readonly DestinationRule[]) {
    this.#networks = Int32Array.from(rules, (rule) => rule.network);
    this.#masks = Int32Array.from(rules, (rule) => prefixMask(rule.prefixLength));
    this.#lowPorts = Uint16Array.from(rules, (rule) => rule.lowPort);
    this.#highPorts = Uint16Array.from(rules, (rule) => rule.highPort);
  }

  /**
   * @param ip - signed or unsigned form.
   * @returns the index of the first rule that covers the destination, or -1.
   */
  find(ip: AddressHandle, port: Port): number {
    for (let i = 0; i < this.#networks.length; i++) {
      if ((ip & this.#masks[i]) === this.#networks[i] && port >= this.#lowPorts[i] && port <= this.#highPorts[i]) return i;
    }
    return -1;
  }
}
