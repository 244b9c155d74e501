import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseToml } from '../src/config/toml-file.ts';
import { KNOWN_GAMES, SOURCES } from '../src/profiles/known-games.ts';
import { labelOf } from '../src/profiles/label.ts';
import { listGames, parseGames, rangeOf } from '../src/profiles/profiles.ts';

const parse = (text: string) => parseGames({ path: 'g.toml', text, root: parseToml('g.toml', text) });

describe('the known games', () => {
  it('have each a name of its own, programs, and sources that are named', () => {
    const names = KNOWN_GAMES.map(({ name }) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(30);
    for (const { processes, ports, source } of KNOWN_GAMES) {
      expect(processes.length).toBeGreaterThan(0);
      expect(source.split(' ').filter((key) => !Object.hasOwn(SOURCES, key))).toEqual([]);
      for (const { from, to } of ports.map(rangeOf)) expect(from >= 1_024 && from <= to && to <= 65_535).toBe(true);
    }
    const used = new Set(KNOWN_GAMES.flatMap(({ source }) => source.split(' ')));
    expect(Object.keys(SOURCES).filter((key) => !used.has(key))).toEqual([]);
  });

  it('share no program with each other, nor with a launcher', () => {
    const programs = KNOWN_GAMES.flatMap(({ processes }) => processes.map((name) => name.toLowerCase()));
    expect(new Set(programs).size).toBe(programs.length);
    const launchers = KNOWN_GAMES.flatMap((game) => game.launchers ?? []).map((name) => name.toLowerCase());
    expect(programs.filter((name) => launchers.includes(name))).toEqual([]);
  });
});

describe('the label of a flow', () => {
  it.each<[string | undefined, number, string | undefined]>([
    ['cs2.exe', 40_000, 'CS2'],
    ['cs2', 27_015, 'CS2'],
    ['C:\\Games\\CS2.EXE', 1, 'CS2'],
    ['/home/me/.steam/dota2', 1, 'Dota 2'],
    // Linux keeps 15 characters.
    ['FortniteClient-', 9_000, 'Fortnite'],
    ['FortniteClient', 64_000, undefined],
    ['League of Legends.exe', 5_100, 'League of Legends'],
    ['LeagueClient.exe', 5_100, undefined],
    [undefined, 5_100, 'League of Legends'],
    ['wine64-preloader', 2_456, 'Valheim'],
    [undefined, 27_020, undefined],
    [undefined, 2_303, undefined],
    [undefined, 60_000, undefined],
    ['firefox', 60_000, undefined],
    ['', 60_000, undefined],
  ])('of %j to port %i is %j', (process, port, label) => {
    expect(labelOf(KNOWN_GAMES, process, port)).toBe(label);
  });

  it('is left out where several games have the port', () => {
    const games = ['a', 'b'].map((name) => ({ name, processes: [name], ports: ['7000'], source: 'x' }));
    expect(labelOf(games, undefined, 7_000)).toBeUndefined();
    expect(labelOf(games.slice(1), undefined, 7_000)).toBe('b');
  });
});

describe('the user’s own games', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightspeed-games-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('go before the known ones, and take the place of those of the same name', async () => {
    const file = join(folder, 'games.toml');
    await writeFile(
      file,
      '[[games]]\nname = "Mine"\nprocesses = ["mine"]\nports = [27015, "30000-30010"]\n\n[[games]]\nname = "cs2"\nports = [1]\n',
    );
    const games = await listGames(file);
    expect(games.length).toBe(KNOWN_GAMES.length + 1);
    expect(labelOf(games, 'mine', 1)).toBe('Mine');
    expect(labelOf(games, undefined, 30_005)).toBe('Mine');
    expect(labelOf(games, 'cs2.exe', 9)).toBeUndefined();
    expect(await listGames(join(folder, 'none.toml'))).toEqual(KNOWN_GAMES);
  });

  it.each([
    ['fec = 4', 'g.toml:1: unknown key "fec"; allowed: [[games]]'],
    ['games = 4', 'g.toml:1: games: got 4, allowed is [[games]]'],
    ['games = [4]', 'g.toml:1: games: got 4, allowed is [[games]]'],
    ['[[games]]\nports = [1]', 'g.toml:1: name: got nothing, allowed is the name of a game, in one line'],
    ['[[games]]\nname = "a\\u001b"', 'g.toml:2: name: got "a\\u001b", allowed is'],
    ['[[games]]\nname = "a"', 'g.toml:2: "a" has neither processes nor ports, and so would label nothing'],
    ['[[games]]\nname = "a"\nprocess = ["a"]', 'g.toml:3: unknown key "process"; did you mean processes?'],
    [
      '[[games]]\nname = "a"\ncolour = "red"',
      'g.toml:3: unknown key "colour"; allowed: name, processes, launchers, ports, late, redundant, interpolating, deadline-ms, always, never, source',
    ],
    ['[[games]]\nname = "a"\nprocesses = "a"', 'g.toml:3: processes: got "a", allowed is a list of texts'],
    ['[[games]]\nname = "a"\nlaunchers = [""]', 'g.toml:3: launchers: got [""], allowed is a list of texts, none of them empty'],
    ['[[games]]\nname = "a"\n\nports = ["0"]', 'g.toml:4: ports: got ["0"], allowed is a list of ports from 1 to 65535'],
    ['[[games]]\nname = "a"\nports = [65536]', 'g.toml:3: ports: got [65536]'],
    ['[[games]]\nname = "a"\nports = ["9-8"]', 'g.toml:3: ports: got ["9-8"]'],
    ['[[games]]\nname = "a"\nports = "7777"', 'g.toml:3: ports: got "7777"'],
    ['[[games]]\nname = "a"\nports = [1]\n[[games]]\nname = "b"\nsource = 4\nports = [1]', 'g.toml:6: source: got 4, allowed is a text'],
  ])('are refused with line, what was got and what is allowed: %j', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CLIENT_CONFIG', message: expect.stringContaining(message) as string }) as Error,
    );
  });
});
