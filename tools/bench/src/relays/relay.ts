import type { LoadProcess, LoadTarget } from '@lightspeed/lab';
import type { Endpoint } from '@lightspeed/wire';

/** A relay that runs, ready for load. */
export interface Relay {
  /** As tables name it. Several may be one process that is spoken to in different ways. */
  readonly name: string;
  /** What clients have to know, apart from how many they are. */
  readonly target: Pick<LoadTarget, 'framing' | 'address'>;
  /** The processes whose CPU time is its cost; none for the echo without a relay. */
  readonly pids: readonly number[];
  /** What it has printed. */
  readonly lines: readonly string[];
}

/** What a relay is started with. */
export interface Place {
  /** For its files; removed with all that is in it at the end. */
  readonly folder: string;
  /** The one game server to which it relays. */
  readonly gameServer: Endpoint;
  /** The load generator, and how many clients it has. */
  readonly load: LoadProcess;
  readonly clients: number;
  /** What to put in front of its command line. */
  readonly within: readonly string[];
}

/** Whoever takes part, and in which forms. */
export interface Entrant {
  readonly names: readonly string[];
  /** @returns why it cannot take part here, with what to do about it; undefined if it can. */
  readonly whyNot: () => string | undefined;
  readonly start: (place: Place, undo: AsyncDisposableStack) => Promise<Relay[]>;
}

/** What a relay has logged last, for the end of an error's message. */
export function lastWords(lines: readonly string[]): string {
  return lines.length === 0 ? 'it has logged nothing' : `it has logged:\n${lines.slice(-10).join('\n')}`;
}
