import type { Endpoint } from '@lightspeed/wire';
import { count } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { NodeProgram } from '../node-program.ts';
import type { NodeProgramOptions } from '../node-program.ts';
import { TemporaryFolder } from '../temporary-folder.ts';

/** Starts a node for a run: it keeps to loopback, and its garbage can be collected. Ends with what it is started in. */
export async function startSoakNode(
  started: AsyncDisposableStack,
  allow: readonly Endpoint[],
  admission: Pick<NodeProgramOptions, 'issuer' | 'admit' | 'sessionTimeoutSecs'>,
): Promise<NodeProgram> {
  const { path: stateDir } = started.use(await TemporaryFolder.open());
  const options = { allow, egressIp: LOOPBACK, stateDir, collectsGarbage: admission.admit === 'anybody', ...admission };
  return started.use(await NodeProgram.start(options));
}

/** What a node's metrics say, with `lightspeed_` in front of every name; 0 for what they do not say. */
export class NodeMetrics {
  readonly #values: ReadonlyMap<string, number>;

  constructor(values: ReadonlyMap<string, number>) {
    this.#values = values;
  }

  static async of(node: NodeProgram): Promise<NodeMetrics> {
    return new NodeMetrics(await node.metrics());
  }

  /** @param labels as they are written: `kind="data"`. */
  value(name: string, labels = ''): number {
    return this.#values.get(`lightspeed_${name}${labels === '' ? '' : `{${labels}}`}`) ?? 0;
  }

  /** Of all samples of a name whose labels begin with these. */
  samples(name: string, labels = ''): [labels: string, value: number][] {
    const start = `lightspeed_${name}{${labels}`;
    const found = [...this.#values].filter(([key]) => key.startsWith(start));
    return found.map(([key, value]) => [key.slice(start.length, -1), value]);
  }

  sum(name: string, labels = ''): number {
    return this.samples(name, labels).reduce((sum, [, value]) => sum + value, 0);
  }

  /** What it dropped that came from `client` or `server`, by reason. */
  drops(direction: 'client' | 'server'): string {
    const some = this.samples('dropped_packets_total', `direction="${direction}",reason=`).filter(([, value]) => value > 0);
    return some.length === 0 ? 'none' : some.map(([reason, value]) => `${reason.replaceAll('"', '')} ${count(value)}`).join(', ');
  }
}
