import { left, markdownTable, right } from '../report/markdown.ts';
import { fixed, whole } from '../report/numbers.ts';
import type { MicroResult } from './measure-micro.ts';

/**
 * The result as two tables in Markdown.
 * @param verbose also says what has allocated most.
 */
export function renderMicro({ timings, allocation }: MicroResult, { verbose }: { readonly verbose: boolean }): string {
  const allocated = allocation.map(({ name, bytesPerMillionPackets, top }) => {
    return [name, whole(bytesPerMillionPackets), ...(verbose ? [top.join('; ')] : [])];
  });
  return [
    '### Allocated on the heap',
    markdownTable([left('path'), right('bytes per million packets'), ...(verbose ? [left('most of it by')] : [])], allocated),
    '### Nanoseconds per operation',
    markdownTable(
      [left('operation'), right('median'), right('p99')],
      timings.map(({ name, medianNs, p99Ns }) => [name, fixed(medianNs, 1), fixed(p99Ns, 1)]),
    ),
  ].join('\n\n');
}
