/** A game that a client may say it plays. */
export interface Game {
  /** Its number in a Register, 0 to 255. */
  readonly id: number;
  /** For command lines and configuration. */
  readonly key: string;
  /** For people. */
  readonly name: string;
}

/** The games that have a number (docs/protocol.md, Games). Any other game is 0; a number that is not here is no error. */
export const GAMES: readonly Game[] = [
  { id: 0, key: 'unknown', name: 'Unknown' },
  { id: 1, key: 'fortnite', name: 'Fortnite' },
  { id: 2, key: 'cs2', name: 'CS2' },
  { id: 3, key: 'dota2', name: 'Dota 2' },
  { id: 4, key: 'rust', name: 'Rust' },
  { id: 5, key: 'valorant', name: 'Valorant' },
  { id: 6, key: 'apex', name: 'Apex Legends' },
  { id: 7, key: 'overwatch2', name: 'Overwatch 2' },
  { id: 8, key: 'lol', name: 'League of Legends' },
  { id: 9, key: 'pubg', name: 'PUBG' },
];

/** The game with a number on the wire, if it is known. */
export function gameById(id: number): Game | undefined {
  return GAMES.find((game) => game.id === id);
}

/** The game with a name on command lines, if it is known. */
export function gameByKey(key: string): Game | undefined {
  return GAMES.find((game) => game.key === key);
}
