import type { LoadTarget } from '../load/load-messages.ts';
import type { LoadProcess } from '../load/load-process.ts';

/** A relay that runs, as the macro benchmark sees it. */
export interface RelayUnderTest {
  /** As tables name it. Several may be one process that is spoken to in different ways. */
  readonly name: string;
  /** How it was started, files and addresses left out; '' if it was not. */
  readonly command: string;
  /** What clients have to know, apart from how many they are. */
  readonly target: Omit<LoadTarget, 'clients'>;
  /** The processes whose CPU time is its cost; none for the echo without a relay. */
  readonly pids: readonly number[];
  /**
   * CPU time per second of its clients' control connections, where they are closed while windows are measured: it is added
   * to what they measure.
   */
  readonly controlNsPerSecond?: number;
  /** By how much their CPU time is divided: 2 where two of them do what one relay does. */
  readonly shares: number;
  /** A load generator of its own, for a relay that the common one cannot reach. */
  readonly load?: LoadProcess;
  /** The last lines that it has printed. */
  logTail(): string;
  stop(): Promise<void>;
}

/** What a relay has logged last, for the end of an error's message. */
export function lastWords({ logTail }: Pick<RelayUnderTest, 'logTail'>): string {
  const said = logTail();
  return said === '' ? 'it has logged nothing' : `it has logged:\n${said}`;
}
