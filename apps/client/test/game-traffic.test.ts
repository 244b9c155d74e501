import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { KNOWN_GAMES } from '../src/profiles/known-games.ts';
import { parseGames, trafficOf } from '../src/profiles/profiles.ts';

const gamesOf = (text: string) => parseGames({ path: 'games.toml', text, root: parse(text) });

describe('what is known of a game’s datagrams', () => {
  it('stands with the game', () => {
    expect(trafficOf(KNOWN_GAMES, 'cs2')).toEqual({ usesLate: false, isRedundant: true });
    expect(trafficOf(KNOWN_GAMES, 'Rust')).toEqual({ usesLate: true, deadlineMs: 60 });
    expect(trafficOf(KNOWN_GAMES, 'Valheim')).toEqual({});
  });

  it('may stand in the user’s own file', () => {
    const games = gamesOf('[[games]]\nname = "Mine"\nports = [7777]\nlate = true\ninterpolating = true\ndeadline-ms = 60\n');
    expect(trafficOf(games, 'mine')).toEqual({ usesLate: true, isInterpolating: true, deadlineMs: 60 });
  });

  it.each([
    ['late = "yes"', 'late: got "yes", allowed is true or false'],
    ['deadline-ms = 5', 'deadline-ms: got 5, allowed is a whole number from 10 to 100'],
  ])('is refused where it makes no sense: %s', (line, message) => {
    expect(() => gamesOf(`[[games]]\nname = "Mine"\nports = [7777]\n${line}\n`)).toThrow(`games.toml:4: ${message}`);
  });

  it('is asked by the game’s name, and a slip is noticed', () => {
    expect(() => trafficOf(KNOWN_GAMES, 'Valhiem')).toThrow('did you mean Valheim?');
  });
});
