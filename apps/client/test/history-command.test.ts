import { mkdtempSync, rmSync, existsSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CSV_HEADER, csvLine } from '../src/history/csv.ts';
import { historyMatchOf } from '../src/history/history-match.ts';
import { History } from '../src/history/history.ts';
import { Running } from './support/command.ts';
import { MATCH_NODE, matchRecord } from './support/match-records.ts';

const ROOT = mkdtempSync(join(tmpdir(), 'lightspeed-history-'));
const DAY_MS = 86_400_000;
let states = 0;

afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

interface State {
  readonly file: string;
  run(...words: string[]): ReturnType<Running['ended']>;
}

function emptyState(): State {
  const folder = join(ROOT, (states++).toString());
  const run = (...words: string[]) => new Running(['history', ...words], { XDG_STATE_HOME: folder, TZ: 'UTC' }).ended();
  return { file: join(folder, 'lightspeed', 'history.sqlite'), run };
}

/** Matches that ended so many days ago. The command reads the machine's own clock. */
async function stateWith(matches: readonly { days: number; way?: 'direct' | 'node'; game?: string }[]): Promise<State> {
  const state = emptyState();
  using history = await History.open(state.file, (text) => expect.fail(text));
  for (const { days, ...match } of matches) history.add(matchRecord({ endMs: Date.now() - days * DAY_MS - 3_600_000, ...match }));
  return state;
}

test('matches are listed in a table, with a summary that has an interval', async () => {
  const matches = [0, 1, 2, 3, 4, 5].map((days) => ({ days }));
  const { run } = await stateWith([...matches, { days: 0, way: 'direct' as const, game: 'Rust' }]);

  const { code, stdout, stderr } = await run();

  const lines = stdout.trimEnd().split('\n');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines).toHaveLength(9);
  expect(lines[0]).toMatch(/^start +min +game +server +way +reason +gain by a node +loss up +loss down$/);
  expect(lines[1]).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d +10 +CS2 +203\.0\.113\.9:27015 +fra-1\.example\.net:4433 +always +21\.0 ms \(21\.0 to 21\.0\) +- +-$/,
  );
  expect(lines[7]).toContain('21.0 ms (21.0 to 21.0) by fra-1.example.net:4433');
  expect(lines[8]).toBe('7 matches: 6 by a node, 1 direct. By a node 21.0 ms saved (21.0 to 21.0 at 95 %, 6 matches).');
});

test('days and game choose among them, and programs get JSON', async () => {
  const { run } = await stateWith([{ days: 0 }, { days: 3 }, { days: 0, game: 'Rust' }]);

  const { stdout, stderr } = await run('--days', '2', '--game', 'cs2', '--json');

  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events).toEqual([
    expect.objectContaining({ event: 'match', game: 'CS2', way: MATCH_NODE, gainMs: 21, savedMs: 21 }),
    expect.objectContaining({ event: 'summary', matches: 1, byNode: 1, savedMs: 21 }),
  ]);
  expect(stderr).toBe('');
});

test('spreadsheets get CSV', async () => {
  const { run } = await stateWith([{ days: 0, game: 'Say "hi", now' }]);

  const { stdout } = await run('--csv');

  const [header, line, end] = stdout.split('\n');
  expect(header).toBe(CSV_HEADER);
  expect(line).toMatch(
    /^\d+,\d+,"Say ""hi"", now",203\.0\.113\.9,27015,203\.0\.113\.0\/24,203\.0\.0\.0\/16,fra-1\.example\.net:4433,always,always,599,/,
  );
  expect(end).toBe('');
});

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['a"b', '"a""b"'],
  ['a\nb', '"a\nb"'],
  ['a\rb', '"a\rb"'],
])('of a CSV, the cell %j is %j', (game, cell) => {
  const match = historyMatchOf(matchRecord({ endMs: 1_767_225_600_000, game }), { up: { before: 0.025, after: 0 } });

  expect(csvLine(match)).toBe(
    `1767225000000,1767225600000,${cell},203.0.113.9,27015,203.0.113.0/24,203.0.0.0/16,${MATCH_NODE},always,always,599,${MATCH_NODE},21,21,21,21,0,0.025,0,,,false`,
  );
});

test('without any match it says so, and makes no file', async () => {
  const { file, run } = emptyState();

  expect(await run()).toEqual({ code: 0, stdout: 'No matches are kept for that.\n', stderr: '' });
  expect(existsSync(file)).toBe(false);
});

test('a damaged file is told once, on standard error', async () => {
  const { file, run } = emptyState();
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, 'no database '.repeat(100));

  const { code, stdout, stderr } = await run();

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'No matches are kept for that.\n' });
  expect(stderr).toBe(`lightspeed: the history of matches was damaged, and begins again; the old file is ${file}.corrupt\n`);
});

test.each([
  [['--days', '0'], 'Allowed are whole numbers from 1 to 90.'],
  [['--days', '91'], 'Allowed are whole numbers from 1 to 90.'],
  [['--json', '--csv'], '--csv'],
])('%j is refused', async (words, message) => {
  const { code, stderr } = await emptyState().run(...words);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
