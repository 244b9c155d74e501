import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Where figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Most that a program without privileges may ask for as a socket's buffer; undefined where that is not said. */
  readonly mostReceiveBufferBytes: number | undefined;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}, ${process.arch}`,
    node: process.version,
    mostReceiveBufferBytes: readNumber('/proc/sys/net/core/rmem_max'),
  };
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
