import { count, sumOf } from './figures.ts';

/** What a node's metrics say, with `lightspeed_` in front of every name; 0 for what they do not say. */
export class NodeMetrics {
  readonly #values: ReadonlyMap<string, number>;

  /** @param text what `GET /metrics` says */
  constructor(text: string) {
    const samples = text.matchAll(/^(lightspeed_.*) (\S+)$/gm);
    this.#values = new Map(Array.from(samples, ([, name, value]) => [name, Number(value)]));
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
    return sumOf(this.samples(name, labels), ([, value]) => value);
  }

  /** What it dropped that came from `client` or `server`, by reason. */
  drops(direction: 'client' | 'server'): string {
    const some = this.samples('dropped_packets_total', `direction="${direction}",reason=`).filter(([, value]) => value > 0);
    return some.length === 0 ? 'none' : some.map(([reason, value]) => `${reason.replaceAll('"', '')} ${count(value)}`).join(', ');
  }
}
