import { expect, test } from 'vitest';
import { gameById, gameByKey, GAMES } from '@lightspeed/control';

test('the numbers are the ones of the protocol page', () => {
  expect(GAMES.map(({ id, name }) => `${id} ${name}`)).toEqual([
    '0 Unknown',
    '1 Fortnite',
    '2 CS2',
    '3 Dota 2',
    '4 Rust',
    '5 Valorant',
    '6 Apex Legends',
    '7 Overwatch 2',
    '8 League of Legends',
    '9 PUBG',
  ]);
});

test('a game is found by its number and by its key, and others are not', () => {
  for (const game of GAMES) {
    expect(gameById(game.id)).toBe(game);
    expect(gameByKey(game.key)).toBe(game);
  }
  expect(gameById(10)).toBeUndefined();
  expect(gameByKey('chess')).toBeUndefined();
});
