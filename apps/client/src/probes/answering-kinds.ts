import { PROBE_KINDS } from '@lightspeed/probe';
import type { ProbeKind } from '@lightspeed/probe';
import { parseIpv4 } from '@lightspeed/wire';

/** Networks of which it is known what answers; the one that was learned first gives way. */
const MAX_NETWORKS = 4_096;

/** By which kind of probe the servers of a network answer, so that later measurements begin with that one. */
export class AnsweringKinds {
  readonly #kinds = new Map<number, ProbeKind>();

  /** All kinds, that which has answered in the server's /24 first. @param ip an IPv4 address as text */
  order(ip: string): readonly ProbeKind[] {
    const known = this.#kinds.get(networkOf(ip));
    return known === undefined ? PROBE_KINDS : [known, ...PROBE_KINDS.filter((kind) => kind !== known)];
  }

  /** A kind has had answers from both ends, or does not have them any more. */
  note(ip: string, kind: ProbeKind, answers: boolean): void {
    const network = networkOf(ip);
    if (answers) {
      this.#kinds.delete(network);
      this.#kinds.set(network, kind);
    } else if (this.#kinds.get(network) === kind) {
      this.#kinds.delete(network);
    }
    if (this.#kinds.size <= MAX_NETWORKS) return;
    const [oldest] = this.#kinds.keys();
    this.#kinds.delete(oldest);
  }
}

function networkOf(ip: string): number {
  return (parseIpv4(ip) ?? 0) >>> 8;
}
