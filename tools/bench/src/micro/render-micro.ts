import type { MicroResult } from './measure-micro.ts';

/** The result as two tables in Markdown. */
export function renderMicro({ timings, allocation }: MicroResult): string {
  const lines = [
    '| nanoseconds per operation | median | p99 |',
    '|---|--:|--:|',
    ...timings.map(({ name, medianNs, p99Ns }) => `| ${name} | ${medianNs.toFixed(1)} | ${p99Ns.toFixed(1)} |`),
    '',
    '| allocated on the heap | bytes per million packets |',
    '|---|--:|',
    ...allocation.map(({ name, bytesPerMillionPackets }) => `| ${name} | ${bytesPerMillionPackets.toLocaleString('en')} |`),
  ];
  return `${lines.join('\n')}\n`;
}
