import { BenchError } from './bench-error.ts';
import { runGate } from './gate/command.ts';
import { helpText, parseOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { describeMachine } from './report/machine.ts';
import { renderReport } from './report/page.ts';
import type { BenchReport } from './report/page.ts';
import { writePage } from './report/write-page.ts';
import type { MeasuredSection } from './section.ts';
import { SECTIONS } from './sections.ts';

const USAGE_EXIT_CODE = 2;

/** Relays are processes of their own; they and what they need are ended as this process exits, which signals would prevent. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) process.once(signal, () => process.exit(code));

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words, SECTIONS);
  if (options.help) {
    process.stdout.write(helpText(SECTIONS));
    return 0;
  }
  if (options.gate) return runGate();
  const report = await measure(options, ['pnpm bench', ...words].join(' '));
  process.stdout.write(options.json ? `${JSON.stringify(dataOf(report), null, 2)}\n` : `${renderReport(report)}\n`);
  if (options.write) {
    const files = await writePage(
      report,
      report.sections.flatMap(({ pictures }) => pictures),
    );
    process.stderr.write(`bench: wrote ${files.join(' and ')}\n`);
  }
  const faults = report.sections.flatMap((section) => section.faults);
  for (const fault of faults) process.stderr.write(`bench: ${fault}\n`);
  return faults.length === 0 ? 0 : 1;
}

async function measure({ quick, only, verbose }: BenchOptions, command: string): Promise<BenchReport> {
  const progress = createProgress();
  const startedMs = performance.now();
  const sections: MeasuredSection[] = [];
  try {
    for (const section of SECTIONS) {
      if (only !== undefined && !section.only.includes(only)) continue;
      const say = (text: string) => progress.say(`${section.name}: ${text}`);
      sections.push(await section.take({ quick, only, verbose, progress: say }));
    }
  } finally {
    progress.end();
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  return { command, takenOn: new Date().toISOString().slice(0, 10), seconds, machine: describeMachine(), sections };
}

function dataOf({ sections, ...about }: BenchReport): object {
  return { ...about, ...Object.fromEntries(sections.map(({ name, data }) => [name, data])) };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof BenchError && error.code === 'ERR_BENCH_USAGE' ? USAGE_EXIT_CODE : 1;
}
