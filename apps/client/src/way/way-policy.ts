import type { LocalFlow } from '@lightspeed/session';

/*
 * A flow's way is a number: that of a node's slot, from 0, or one of these.
 */

/** By whichever node is in use: the flow moves along when another node is taken. */
export const WAY_NODE_IN_USE = -2;
/** Straight to the game server, from a socket of the client's own. */
export const WAY_DIRECT = -3;

/** The main thread says it: until then the flow's datagrams wait. */
export const WAY_ASKED = -4;

/** Decides by which way a flow goes. It is asked once, in the data-plane thread, when the flow opens, and answers at once. */
export interface WayPolicy {
  /** @returns a node's slot, {@link WAY_NODE_IN_USE}, {@link WAY_DIRECT} or {@link WAY_ASKED}. */
  decide(flow: LocalFlow): number;
}

/** A rule for game servers, as the data plane applies it. */
export interface PolicyRule {
  /** int32 bit patterns: a server fits if `(server & mask) === ip`. */
  readonly ip: number;
  readonly mask: number;
  /** 0 fits any. */
  readonly port: number;
  readonly way: number;
}

/** The first rule that fits the game server decides. Where none does, flows go by the node in use, or the main thread is asked. */
export class RulePolicy implements WayPolicy {
  readonly #rules: readonly PolicyRule[];
  readonly #otherwise: number;

  constructor(rules: readonly PolicyRule[], otherwise = WAY_NODE_IN_USE) {
    this.#rules = rules;
    this.#otherwise = otherwise;
  }

  decide({ destinationIp, destinationPort }: LocalFlow): number {
    for (const { ip, mask, port, way } of this.#rules) {
      if ((destinationIp & mask) === ip && (port === 0 || port === destinationPort)) return way;
    }
    return this.#otherwise;
  }
}
