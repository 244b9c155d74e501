import { addressKind } from '@lightspeed/wire';
import { DIRECT } from '../settings/way-settings.ts';

/** What a node is called where nothing names it but an address. */
export const NAMELESS = 'the node';

/** What is known of a node's names. */
export interface NamedNode {
  /** `HOST:PORT`, as the player has given it. */
  readonly name: string;
  /** As it names itself; undefined before it has. */
  readonly nodeId: string | undefined;
}

/**
 * What nodes are called on the live page (docs/playing.md, The live page). It is the host name that the player has given, else what the
 * node calls itself. An address says nothing to a player. Nodes of equal names are told apart by where they are.
 */
export class NodeNames {
  readonly #names: ReadonlyMap<string, string>;

  constructor(nodes: readonly NamedNode[]) {
    const plain = nodes.map((node) => ({ name: node.name, shown: plainName(node, NAMELESS) }));
    const isAlone = (shown: string) => plain.filter((one) => one.shown === shown).length === 1;
    this.#names = new Map(plain.map(({ name, shown }) => [name, isAlone(shown) ? shown : `${shown} at ${name}`]));
  }

  /** @param way `direct`, which stays what it is, or `HOST:PORT` of a node. One of an earlier run may be known by its address alone. */
  of(way: string): string {
    return way === DIRECT ? way : (this.#names.get(way) ?? plainName({ name: way, nodeId: undefined }, way));
  }
}

function plainName({ name, nodeId = '' }: NamedNode, nameless: string): string {
  const host = name.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (addressKind(host) === undefined) return host;
  // A node may call itself anything, but not what stands for no node.
  return nodeId === '' || nodeId === DIRECT ? nameless : nodeId;
}
