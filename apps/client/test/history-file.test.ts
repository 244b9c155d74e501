import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { WayChooser } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import { afterAll, expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import { SCHEMA_STEPS } from '../src/history/schema.ts';
import { MATCH_NODE, matchRecord } from './support/match-records.ts';

const WRITER = fileURLToPath(new URL('support/history-writer-main.ts', import.meta.url));
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const ROOT = mkdtempSync(join(tmpdir(), 'lightspeed-history-'));
let files = 0;

afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

function place(): { file: string; warnings: string[]; open: (nowMs?: number) => Promise<History> } {
  const file = join(ROOT, (files++).toString(), 'state', 'history.sqlite');
  const warnings: string[] = [];
  return { file, warnings, open: (nowMs = NOW_MS) => History.open(file, (text) => warnings.push(text), nowMs) };
}

test('a match comes back with all that is known of it, from a file that only its owner reads', async () => {
  const { file, warnings, open } = place();
  const loss = { up: { before: 0.02, after: 0.001 }, down: { before: 0.03, after: 0 } };
  {
    using history = await open();
    history.add(matchRecord({ endMs: NOW_MS }), loss);
  }
  using history = await open();

  expect(history.list({ sinceMs: 0 })).toEqual([
    {
      startMs: NOW_MS - 600_000,
      endMs: NOW_MS,
      game: 'CS2',
      server: '203.0.113.9',
      port: 27_015,
      prefix: '203.0.113.0/24',
      provider: '203.0.0.0/16',
      way: MATCH_NODE,
      reason: 'always',
      evidence: 'always',
      pairs: 599,
      node: MATCH_NODE,
      gainMs: 21,
      lowMs: 21,
      highMs: 21,
      savedMs: 21,
      harmMs: 0,
      lossUpBefore: 0.02,
      lossUpAfter: 0.001,
      lossDownBefore: 0.03,
      lossDownAfter: 0,
      isVetoed: false,
    },
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(warnings).toEqual([]);
});

test('a chooser of the next run knows matches and vetoes of the last ones', async () => {
  const { open } = place();
  {
    using history = await open();
    for (const server of ['203.0.1.1', '203.0.2.1']) history.add(matchRecord({ endMs: NOW_MS - DAY_MS, server, way: 'direct' }));
    history.keepVetoes([{ prefix: '203.0.3.0/24', node: MATCH_NODE, untilMs: NOW_MS + DAY_MS }]);
    history.keepVetoes([{ prefix: '203.0.3.0/24', node: MATCH_NODE, untilMs: NOW_MS + DAY_MS - 1 }]);
  }
  using history = await open();
  const chooser = new WayChooser({ nodes: [MATCH_NODE] });
  const taken = chooser.importState(history.chooserState(NOW_MS), NOW_MS);
  const decide = (address: string, nowMs = NOW_MS) =>
    chooser.decide({ serverIp: parseIpv4(address) ?? 0, serverPort: 1, game: 'cs2' }, nowMs);

  expect(taken).toEqual({ matches: 2, vetoes: 1, refused: 0 });
  expect(decide('203.0.9.1')).toMatchObject({ way: MATCH_NODE, reason: 'matches-faster' });
  expect(decide('203.0.3.1', NOW_MS + DAY_MS - 1)).toMatchObject({ way: 'direct', reason: 'veto' });
  history.liftVeto('203.0.3.0/24');
  expect(history.chooserState(NOW_MS).vetoes).toEqual([]);
});

test('matches are kept for 90 days, and tell the chooser for seven', async () => {
  const { open } = place();
  using history = await open();
  for (const days of [0, 6, 8, 89]) history.add(matchRecord({ endMs: NOW_MS + days * DAY_MS }));
  const days = (at: History) => at.list({ sinceMs: 0 }).map(({ endMs }) => (endMs - NOW_MS) / DAY_MS);

  expect(days(history)).toEqual([0, 6, 8, 89]);
  expect(history.chooserState(NOW_MS + 13 * DAY_MS - 1).matches).toHaveLength(3);
  history.add(matchRecord({ endMs: NOW_MS + 90 * DAY_MS }));
  expect(days(history)).toEqual([6, 8, 89, 90]);
  using later = await open(NOW_MS + 98 * DAY_MS);
  expect(days(later)).toEqual([89, 90]);
  expect(later.chooserState(NOW_MS).matches).toHaveLength(2);
});

test('two programs that write at once lose nothing', async () => {
  const { file, warnings, open } = place();
  const write = async (server: string) => {
    const child = spawn(process.execPath, ['--conditions=@lightspeed/source', WRITER, file, server, '50', NOW_MS.toString()]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stderr };
  };

  const ended = await Promise.all([write('203.0.113.1'), write('203.0.113.2')]);

  expect(ended).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  using history = await open();
  const servers = history.list({ sinceMs: 0 }).map(({ server }) => server);
  expect(servers.filter((server) => server === '203.0.113.1')).toHaveLength(50);
  expect(servers.filter((server) => server === '203.0.113.2')).toHaveLength(50);
  expect(warnings).toEqual([]);
});

test('two that are open in one program see what the other keeps', async () => {
  const { open } = place();
  using one = await open();
  using other = await open();
  one.add(matchRecord({ endMs: NOW_MS }));
  other.add(matchRecord({ endMs: NOW_MS }));

  expect(one.list({ sinceMs: 0 })).toHaveLength(2);
  expect(other.list({ sinceMs: 0 })).toHaveLength(2);
});

test.each([
  ['is no database', () => Buffer.from('this is no database at all, but long enough to be looked at\n'.repeat(100))],
  ['is damaged', (whole: Buffer) => Buffer.concat([whole.subarray(0, 4_096), Buffer.alloc(whole.length - 4_096, 0xa5)])],
])('a file that %s is set aside with one warning, and the program goes on', async (_what, damage) => {
  const { file, warnings, open } = place();
  {
    using history = await open();
    history.add(matchRecord({ endMs: NOW_MS }));
  }
  const damaged = damage(readFileSync(file));
  writeFileSync(file, damaged);

  using history = await open();
  history.add(matchRecord({ endMs: NOW_MS, game: 'Rust' }));

  expect(warnings).toEqual([`the history of matches was damaged, and begins again; the old file is ${file}.corrupt`]);
  expect(history.list({ sinceMs: 0 }).map(({ game }) => game)).toEqual(['Rust']);
  expect(readFileSync(`${file}.corrupt`).equals(damaged)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a file of an older version is brought to this one, with what is in it', async () => {
  const { file, warnings, open } = place();
  {
    using history = await open();
    history.add(matchRecord({ endMs: NOW_MS }));
  }
  const old = new DatabaseSync(file);
  old.exec('DROP TABLE proofs; PRAGMA user_version = 1');
  old.close();

  using history = await open();
  expect(history.list({ sinceMs: 0 })).toHaveLength(1);
  history.add(matchRecord({ endMs: NOW_MS }));

  expect(history.chooserState(NOW_MS).matches).toHaveLength(1);
  expect(warnings).toEqual([]);
});

test('every version begins where the one before it ends', () => {
  for (let from = 0; from <= SCHEMA_STEPS.length; from++) {
    using database = new DatabaseSync(':memory:');
    for (const step of SCHEMA_STEPS.slice(0, from)) database.exec(step);
    for (const step of SCHEMA_STEPS.slice(from)) database.exec(step);
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()).toEqual([
      { name: 'matches' },
      { name: 'proofs' },
      { name: 'vetoes' },
    ]);
  }
});

test('a file of a newer version stays as it is, and there is no history', async () => {
  const { file, warnings, open } = place();
  (await open())[Symbol.dispose]();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  const before = readFileSync(file);

  using history = await open();
  history.add(matchRecord({ endMs: NOW_MS }));

  expect(history.list({ sinceMs: 0 })).toEqual([]);
  expect(history.chooserState(NOW_MS)).toEqual({ matches: [], vetoes: [] });
  expect(warnings).toEqual([`there is no history of matches: ${file} was written by a newer version of lightspeed`]);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a folder that cannot be made costs the history, and one warning', async () => {
  const blocked = join(ROOT, 'blocked');
  writeFileSync(blocked, '');
  const warnings: string[] = [];
  using history = await History.open(join(blocked, 'history.sqlite'), (text) => warnings.push(text), NOW_MS);
  history.add(matchRecord({ endMs: NOW_MS }));

  expect(history.list({ sinceMs: 0 })).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining('there is no history of matches: ') as string]);
  expect(readdirSync(ROOT)).toContain('blocked');
});
