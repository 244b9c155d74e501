import type { MeasuredSection } from '../section.ts';
import type { Machine } from './machine.ts';
import { left, markdownTable } from './markdown.ts';
import { mebibytes } from './numbers.ts';

/** Everything that a run has found. */
export interface BenchReport {
  readonly command: string;
  /** YYYY-MM-DD. */
  readonly takenOn: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly sections: readonly MeasuredSection[];
}

/** Where, when and with what, then each section. */
export function renderReport(report: BenchReport): string {
  return [renderWhere(report), ...report.sections.map(({ title, markdown }) => `## ${title}\n\n${markdown}`)].join('\n\n');
}

function renderWhere({ command, takenOn, seconds, machine }: BenchReport): string {
  const { processor, cores, memoryBytes, system, node, mostReceiveBufferBytes } = machine;
  const rows = [
    ['command', `\`${command}\`, ${seconds} s, on ${takenOn}`],
    ['processor', `${processor}, ${cores} cores`],
    ['memory', `${mebibytes(memoryBytes)} MiB`],
    ['system', system],
    ['Node', node],
  ];
  if (mostReceiveBufferBytes !== undefined) rows.push(['`net.core.rmem_max`', `${mostReceiveBufferBytes} bytes`]);
  return markdownTable([left('measured'), left('')], rows);
}
