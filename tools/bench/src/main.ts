import { LabError, reasonOf } from '@lightspeed/lab';
import { runAgainst } from './against/against.ts';
import { runGate } from './gate/gate.ts';
import { writeLossPage } from './loss/loss-page.ts';
import { measure } from './measure.ts';
import { helpText, parseOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { renderReport, writePage } from './report/page.ts';

const USAGE_EXIT_CODE = 2;

/** Relays are processes of their own; they and what they need are ended as this process exits, which signals would prevent. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) process.once(signal, () => process.exit(code));

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  if (options.help) {
    process.stdout.write(helpText());
    return 0;
  }
  using progress = createProgress();
  if (options.gate) return runGate(progress.say);
  if (options.against !== undefined && !options.start) return runAgainst(options.against, options, progress.say);
  const { report, faults } = await measure(options, ['pnpm bench', ...words].join(' '), progress.say);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderReport(report)}\n`);
  const written = !options.write ? [] : options.loss ? await writeLossPage(report) : await writePage(report);
  if (written.length > 0) process.stderr.write(`bench: wrote ${written.join(' and ')}\n`);
  for (const fault of faults) process.stderr.write(`bench: ${fault}\n`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${reasonOf(error)}\n`);
  return error instanceof LabError && error.code === 'ERR_LAB_USAGE' ? USAGE_EXIT_CODE : 1;
});
