import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { markdownTable } from './table.ts';
import type { Row } from './table.ts';

/** Something that is said of LightSpeed, and what was measured of it here. */
export interface Claim {
  readonly claim: string;
  readonly against: string;
  readonly load: string;
  readonly bound: number;
  /** One for each rate, in the order in which {@link load} names them, or one alone; NaN (null in JSON) if it was not measured. */
  readonly measured: readonly number[];
  /** Why it cannot be reached, where that is known. */
  readonly unreachable?: string;
  readonly repeat: string;
}

/** What a part of the benchmarks has found. */
export interface Found {
  /** All that was measured, by what it is. */
  readonly figures: Readonly<Record<string, readonly Row[]>>;
  readonly claims: readonly Claim[];
  /** What must not be: each makes the program's exit code 1. */
  readonly faults: readonly string[];
}

/** Everything that a run has found, and where. */
export interface Report extends Omit<Found, 'faults'> {
  readonly command: string;
  /** YYYY-MM-DD. */
  readonly takenOn: string;
  readonly seconds: number;
  readonly machine: ReturnType<typeof describeMachine>;
}

const FOLDER = new URL('../../../../docs/', import.meta.url);

/** The machine that figures are of. */
export function describeMachine() {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}, ${process.arch}`,
    node: process.version,
  };
}

/** Where, when and with what, what is claimed, and all figures: for a terminal. */
export function renderReport(report: Report): string {
  const tables = Object.entries(report.figures).map(([title, rows]) => `## ${title}\n\n${markdownTable(rows)}`);
  return [whereOf(report), ...(report.claims.length === 0 ? [] : [claimsTable(report.claims)]), ...tables].join('\n\n');
}

/** Writes docs/benchmarks.md, and the figures beside it. @returns the files that were written */
export async function writePage(report: Report): Promise<string[]> {
  const files = { 'benchmarks.md': pageText(report), 'benchmarks.json': `${JSON.stringify(report, null, 2)}\n` };
  for (const [file, text] of Object.entries(files)) await writeFile(new URL(file, FOLDER), text);
  return Object.keys(files).map((file) => fileURLToPath(new URL(file, FOLDER)));
}

/** The report as the page `docs/benchmarks.md`. */
export function pageText(report: Report): string {
  return `# Benchmarks

\`pnpm bench\` writes this page. Its raw figures are in [benchmarks.json](benchmarks.json). All of them are of one run on one
machine, so compare them with each other only. \`pnpm bench --quick\` measures yours in about a minute.

${whereOf(report)}

${claimsTable(report.claims)}

## How it is measured

- 100 clients play through every relay. Each relay is a process on one core. One load generator, on another core, is
  client and game server of all of them.
- Packets leave at fixed times, whatever comes back. They come one by one, in ticks, or in bursts of one client.
- Relays take turns in short windows. The table shows the median of the ratios of single rounds.
- CPU time is what the kernel counts for all threads of a relay. A round trip is two datagrams in and two out.
- Our node runs as operators run it: its clients have registered, and every packet passes all checks.
- The relay in C has the same system calls and no features. C and nginx check nothing; coturn runs without credentials.

[ADR 21](adr/0021-comparable-benchmarks.md) gives the reasons, and says to whom a comparison is unfair.
`;
}

/** Where and when a report was made. */
export function whereOf({ command, takenOn, seconds, machine }: Report): string {
  const { processor, cores, system, node } = machine;
  return `Measured by \`${command}\` in ${seconds} s on ${takenOn}: ${processor}, ${cores} cores, ${system}, Node ${node}.`;
}

/** What is claimed, as a table. */
export function claimsTable(claims: readonly Claim[]): string {
  return markdownTable(
    claims.map((claim) => ({
      'what is claimed': claim.claim,
      against: claim.against,
      load: claim.load,
      bound: `at most ${claim.bound.toLocaleString('en', { minimumFractionDigits: claim.bound < 100 ? 2 : 0 })}`,
      measured: claim.measured.map(measuredText).join(' / '),
      holds: verdictOf(claim),
      repeat: claim.repeat,
    })),
  );
}

function measuredText(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value < 0.1 ? value.toFixed(3) : value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}

/** Whether a claim holds: in all runs, in none, or in how many. */
export function verdictOf({ measured, bound, unreachable }: Claim): string {
  if (measured.every(Number.isNaN)) return 'not measured';
  const failed = measured.filter((value) => value > bound).length;
  if (failed === 0) return measured.some(Number.isNaN) ? 'as far as measured' : 'yes';
  const verdict = failed === measured.length ? 'no' : `${measured.length - failed} of ${measured.length}`;
  return unreachable === undefined ? verdict : `${verdict}: ${unreachable}`;
}
