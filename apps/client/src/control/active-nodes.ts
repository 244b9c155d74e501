import type { Candidate } from './node-choice.ts';
import { ClientError } from '../base/errors.ts';
import { MAX_ACTIVE_NODES } from '../settings/register-settings.ts';
import type { ParsedNodeSettings, ParsedRegisterSettings } from '../settings/register-settings.ts';
import type { NodeDirectory } from './directory.ts';
import { StaticDirectory } from './directory.ts';
import { FleetNode } from './fleet-node.ts';

/** Nodes that take this much longer to register than the first one join later. */
const SLOWER_MS = 1_000;

/** What active nodes tell. */
export interface ActiveNodesListener {
  /** A candidate has got a place. */
  joined(node: FleetNode): void;
  /** A node has lost its place. */
  left(node: FleetNode): void;
  /** A node did not take the registration. */
  refused(node: FleetNode, error: ClientError): void;
  /** A node will not take our ticket again. */
  dismissed(node: FleetNode, error: ClientError): void;
}

/**
 * The nodes with which a fleet is registered, or tries to be, by their slots: at most four. The other candidates wait in a
 * directory, and step in where one refuses or is lost.
 */
export class ActiveNodes {
  readonly #register: ParsedRegisterSettings;
  /** Nodes that rules name: they keep their places. */
  readonly #named: ReadonlySet<string>;
  readonly #directory: NodeDirectory;
  readonly #nodes: FleetNode[];
  readonly #listener: ActiveNodesListener;
  #closed = false;

  /** @param named the names of nodes that have to be among the active ones; at most four. */
  constructor(register: ParsedRegisterSettings, named: ReadonlySet<string>, listener: ActiveNodesListener) {
    const { active, rest } = firstActive(register.nodes, named);
    this.#register = register;
    this.#named = named;
    this.#listener = listener;
    this.#directory = new StaticDirectory(rest);
    this.#nodes = active.map((node, slot) => new FleetNode(node, register, slot));
  }

  /** In the order of their slots. */
  get all(): readonly FleetNode[] {
    return this.#nodes;
  }

  /** As the choice of the one in use sees them. @param rttMsOf by keepalives */
  candidates(rttMsOf: (node: FleetNode) => number | undefined): Candidate[] {
    return this.#nodes.map((node) => node.candidate(rttMsOf(node), performance.now()));
  }

  at(slot: number): FleetNode {
    return this.#nodes[slot];
  }

  /** Whether a rule names the node. */
  isNamed({ link }: FleetNode): boolean {
    return this.#named.has(link.node.name);
  }

  /**
   * Registers with all, waiting for the first and a little longer.
   * @throws {ClientError} (rejection) if there is none that takes us.
   */
  async start(): Promise<void> {
    // By slot, so that they are told in the order of the settings.
    const failures = this.#nodes.map((): unknown[] => []);
    const refused: ParsedNodeSettings[] = [];
    const attempts = this.#nodes.map((_, slot) => this.#startSlot(slot, failures[slot], refused));
    await firstOnes(attempts, failures);
    for (const [slot, attempt] of attempts.entries()) attempt.catch((thrown: unknown) => this.#failed(this.#nodes[slot], thrown));
    void Promise.allSettled(attempts).then(() => refused.forEach((node) => this.#directory.giveBack(node)));
  }

  /** The next candidate takes the place of a node that is of no use now, unless a rule names that one. */
  replace(node: FleetNode): void {
    const { link, slot } = node;
    if (this.#closed || this.#nodes[slot] !== node || this.isNamed(node)) return;
    const candidate = this.#directory.next();
    if (candidate === undefined) return;
    this.#listener.left(node);
    link.removeAllListeners();
    void link.close();
    if (!link.dismissed) this.#directory.giveBack(link.node);
    const successor = this.#join(candidate, slot);
    successor.link.start().catch((thrown: unknown) => {
      if (!(thrown instanceof ClientError)) throw thrown;
      if (!successor.link.dismissed) this.#listener.refused(successor, thrown);
      this.#failed(successor, thrown);
    });
  }

  #failed(node: FleetNode, thrown: unknown): void {
    if (node.link.dismissed && thrown instanceof ClientError) this.#listener.dismissed(node, thrown);
    else node.link.keepTrying();
  }

  /** Whether no node is left that may take our ticket. */
  get areAllDismissed(): boolean {
    return this.#nodes.every(({ link }) => link.dismissed);
  }

  /** Whether there is a node that has taken us, and still does. */
  get isAnyConnected(): boolean {
    return this.#nodes.some(({ link }) => link.connected);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#nodes.map(({ link }) => link.close()));
  }

  /** Registers with the node of a slot; with the next candidate, if that one refuses; and so on. */
  async #startSlot(slot: number, failures: unknown[], refused: ParsedNodeSettings[]): Promise<void> {
    for (;;) {
      const node = this.#nodes[slot];
      try {
        await node.link.start();
        return;
      } catch (thrown) {
        failures.push(thrown);
        const candidate = this.#closed || this.isNamed(node) ? undefined : this.#directory.next();
        if (candidate === undefined) throw thrown;
        if (!node.link.dismissed) refused.push(node.link.node);
        void node.link.close();
        this.#join(candidate, slot);
      }
    }
  }

  #join(candidate: ParsedNodeSettings, slot: number): FleetNode {
    const node = new FleetNode(candidate, this.#register, slot);
    this.#nodes[slot] = node;
    this.#listener.joined(node);
    return node;
  }
}

/** The nodes that a fleet begins with, in the order of the settings: those that rules name, and the first ones of the rest. */
function firstActive(nodes: readonly ParsedNodeSettings[], named: ReadonlySet<string>) {
  const chosen = new Set(nodes.filter(({ name }) => named.has(name)));
  for (const node of nodes) if (chosen.size < MAX_ACTIVE_NODES) chosen.add(node);
  return { active: nodes.filter((node) => chosen.has(node)), rest: nodes.filter((node) => !chosen.has(node)) };
}

/** Resolves when all have ended, or some time after the first success. */
async function firstOnes(attempts: readonly Promise<unknown>[], failures: readonly (readonly unknown[])[]): Promise<void> {
  try {
    await Promise.any(attempts);
  } catch {
    throw failureOf(failures.flat());
  }
  let timer: NodeJS.Timeout | undefined;
  const slower = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SLOWER_MS);
  });
  await Promise.race([Promise.allSettled(attempts), slower]);
  clearTimeout(timer);
}

/** One node's failure as it is; those of several in one message. */
function failureOf(errors: readonly unknown[]): unknown {
  const known = errors.filter((error) => error instanceof ClientError);
  if (known.length !== errors.length || known.length < 2) return errors[0];
  return new ClientError(known[0].code, known.map(({ message }) => message).join('; '), {
    cause: known[0],
    mayPass: known.some(({ mayPass }) => mayPass),
  });
}
