import type { Command } from 'commander';
import { Option } from 'commander';
import { stat } from 'node:fs/promises';
import { DIRECT, summarize, summaryText } from '@lightspeed/choice';
import { printable } from '../base/printable.ts';
import { CSV_HEADER, csvLine } from '../history/csv.ts';
import type { HistoryMatch } from '../history/history-match.ts';
import { HISTORY_DAYS, History } from '../history/history.ts';
import { integer, jsonOption } from './options.ts';
import { historyFile } from './state-folder.ts';
import type { Terminal } from './terminal.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const EXAMPLES = `
Examples:
  $ lightspeed history --days 7
  $ lightspeed history --game CS2 --csv > matches.csv

A gain above 0 means that the node is faster. Behind it stands the range that holds the true gain in 95 of 100 cases.
`;

interface HistoryOptions {
  readonly days: number;
  readonly game?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Adds `history`. @param done gets the exit code. */
export function addHistoryCommand(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  program
    .command('history')
    .description('List your matches: which way they went, why, and what that gained.')
    .addOption(
      new Option('--days <n>', `only those of so many days, 1 to ${HISTORY_DAYS}`)
        .argParser(integer(1, HISTORY_DAYS))
        .default(HISTORY_DAYS),
    )
    .option('--game <name>', 'only those of this game')
    .addOption(jsonOption('one JSON object per match, and a summary').conflicts('csv'))
    .option('--csv', 'a line per match for spreadsheets, without a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (options: HistoryOptions) => done(await printHistory(options, terminal)));
}

async function printHistory({ days, game, json, csv }: HistoryOptions, terminal: Terminal): Promise<number> {
  const matches = await listMatches(days, game, terminal);
  const summary = summarize(matches.map(({ way, savedMs, isVetoed }) => ({ way, savedMs: savedMs ?? undefined, isVetoed })));
  if (csv === true) {
    for (const line of [CSV_HEADER, ...matches.map(csvLine)]) terminal.line(line);
    return 0;
  }
  if (json === true) {
    for (const match of matches) terminal.json({ event: 'match', ...match });
    terminal.json({ event: 'summary', ...summary });
    return 0;
  }
  for (const line of tableOf(matches)) terminal.line(line);
  terminal.line(matches.length === 0 ? 'No matches are kept for that.' : summaryText(summary));
  return 0;
}

/** Who only looks makes no file. */
async function listMatches(days: number, game: string | undefined, terminal: Terminal): Promise<HistoryMatch[]> {
  const file = historyFile();
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  using history = await History.open(file, (text) => terminal.error(text));
  return history.list({ sinceMs: Date.now() - days * DAY_MS, game });
}

/** Lines with columns of the same width. */
function tableOf(matches: readonly HistoryMatch[]): string[] {
  if (matches.length === 0) return [];
  const rows = [['start', 'min', 'game', 'server', 'way', 'reason', 'gain by a node', 'loss up', 'loss down'], ...matches.map(cellsOf)];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(match: HistoryMatch): string[] {
  const { startMs, endMs, game, server, port, way, reason, isVetoed } = match;
  return [
    localTime(startMs),
    Math.round((endMs - startMs) / MINUTE_MS).toString(),
    printable(game ?? '-'),
    `${server}:${port}`,
    printable(way),
    `${reason}${isVetoed ? ', then veto' : ''}`,
    gainText(match),
    lossText(match.lossUpBefore, match.lossUpAfter),
    lossText(match.lossDownBefore, match.lossDownAfter),
  ];
}

function gainText({ way, node, gainMs, lowMs, highMs }: HistoryMatch): string {
  if (gainMs === null) return '-';
  const range = lowMs === null || highMs === null ? '' : ` (${lowMs.toFixed(1)} to ${highMs.toFixed(1)})`;
  const by = way === DIRECT && node !== null ? ` by ${printable(node)}` : '';
  return `${gainMs.toFixed(1)} ms${range}${by}`;
}

function lossText(before: number | null, after: number | null): string {
  return before === null || after === null ? '-' : `${(100 * before).toFixed(1)} % > ${(100 * after).toFixed(1)} %`;
}

function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number) => number.toString().padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
