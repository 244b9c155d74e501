import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Where figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

/** The machine that a report's figures are of. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}, ${process.arch}`,
    node: process.version,
  };
}
