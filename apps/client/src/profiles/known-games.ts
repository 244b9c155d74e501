import type { GameHints } from '@lightspeed/session';

/*
 * Facts about games, collected from public lists: names of programs and of UDP ports, no text of anybody. Ports on which the lists
 * contradict each other are left out, as they would label wrongly.
 */

/** Where a fact was found; the `source` of a game names these, divided by spaces. */
export const SOURCES: Readonly<Record<string, string>> = {
  rust: 'the games that the older implementation knows: github.com/ShibbityShwab/lightspeed, client/src/games',
  apps: 'the process list of a desktop app',
  launchers: 'a list that tells games, launchers and anti-cheats apart',
  seeds: 'the seed list of a game accelerator',
  notes: 'notes on ports of games of Origin and Epic, 2021',
  leagues: 'ports that leagues of schools have their networks allow: nlmorgan4690/eSports, allowed_ports.md',
  hints: 'the hint table of MycoFlow',
  netch: 'the modes of netchx/netch, Storage/mode/Game',
  gamedig: 'the games that gamedig/node-gamedig can query, lib/games.js',
  riot: 'Riot Games support: Port Forwarding',
  gaijin: 'Gaijin support, article 200070211',
  haste: 'haste.net: VALORANT’s game networking, 2020',
  valve: 'Valve: GetSDRConfig',
  ndpi: 'the protocols of ntop/nDPI',
  wot: 'a public note on ports of World of Tanks',
  blocker: 'a blocker of Overwatch’s regions',
  natmap: 'whatsmynat.com: Call of Duty',
  tables: 'a table of ports of games',
};

/** A game, as it is told from others. */
export interface GameProfile {
  readonly name: string;
  /** Names of its programs, on any system. */
  readonly processes: readonly string[];
  /** Programs that belong to it and are not the game, such as its launcher. */
  readonly launchers?: readonly string[];
  /** UDP ports of its servers, `PORT` or `FROM-TO`. They are a hint. */
  readonly ports: readonly string[];
  /** Which way its servers are reached whatever is measured, as the user's file says. */
  readonly always?: 'node' | 'direct' | undefined;
  /** Why its servers are always reached directly, see docs/choosing.md. */
  readonly never?: 'anycast' | 'beacon' | undefined;
  /** How it takes what comes late or twice, as far as that is known: see `docs/playing.md`, Protection from loss. */
  readonly traffic?: GameTraffic | undefined;
  readonly source: string;
}

/** What is known of a game's datagrams. */
export interface GameTraffic extends GameHints {
  /** How late one may come to be of use, in milliseconds. */
  readonly deadlineMs?: number | undefined;
}

/** Source and its kin throw away what comes behind a later datagram, and send the last commands again in each. */
const SOURCE_ENGINE: GameTraffic = { usesLate: false, isRedundant: true };
/** RakNet and the like number their messages apart from datagrams, and use those that come late. */
const LATE_IS_WELCOME: GameTraffic = { usesLate: true, deadlineMs: 60 };

/** The games that are known without the user's doing. */
export const KNOWN_GAMES: readonly GameProfile[] = [
  {
    name: 'Fortnite',
    processes: ['FortniteClient-Win64-Shipping.exe', 'FortniteClient-Win64-Shipping_EAC_EOS.exe'],
    launchers: ['FortniteLauncher.exe', 'EpicGamesLauncher.exe', 'EpicWebHelper.exe'],
    ports: [],
    source: 'rust apps launchers seeds hints tables ndpi',
  },
  {
    name: 'CS2',
    processes: ['cs2.exe', 'cs2'],
    ports: ['27015-27050'],
    traffic: SOURCE_ENGINE,
    source: 'rust apps launchers hints valve gamedig',
  },
  {
    name: 'Dota 2',
    processes: ['dota2.exe', 'dota2'],
    ports: ['27000-27250', '27015-27050'],
    traffic: SOURCE_ENGINE,
    source: 'rust apps hints valve',
  },
  { name: 'Rust', processes: ['RustClient.exe'], ports: ['28015-28017'], traffic: LATE_IS_WELCOME, source: 'rust apps gamedig' },
  {
    name: 'Valorant',
    processes: ['VALORANT-Win64-Shipping.exe', 'VALORANT.exe'],
    launchers: ['RiotClientServices.exe', 'vgc.exe', 'vgtray.exe'],
    ports: ['7000-8000'],
    never: 'anycast',
    source: 'rust apps launchers seeds hints netch haste',
  },
  {
    name: 'Apex Legends',
    processes: ['r5apex.exe', 'r5apex_dx12.exe'],
    ports: ['37000-40000'],
    traffic: SOURCE_ENGINE,
    source: 'rust apps seeds notes',
  },
  { name: 'Overwatch 2', processes: ['Overwatch.exe'], ports: ['26503-36503'], source: 'rust apps seeds leagues blocker' },
  {
    name: 'League of Legends',
    processes: ['League of Legends.exe'],
    launchers: ['LeagueClient.exe', 'RiotClientServices.exe'],
    ports: ['5000-5500'],
    source: 'riot rust apps seeds leagues netch',
  },
  { name: 'PUBG', processes: ['TslGame.exe'], ports: [], source: 'rust apps seeds hints' },
  { name: 'Call of Duty', processes: ['cod.exe', 'ModernWarfare.exe'], ports: [], source: 'apps launchers seeds natmap ndpi' },
  { name: 'Rainbow Six Siege', processes: ['RainbowSix.exe', 'RainbowSix_DX11.exe'], ports: [], source: 'apps seeds' },
  { name: 'Rocket League', processes: ['RocketLeague.exe'], ports: ['7000-9000'], source: 'apps seeds leagues' },
  { name: 'Escape from Tarkov', processes: ['EscapeFromTarkov.exe'], ports: [], source: 'apps seeds netch' },
  { name: 'Battlefield 6 / 2042', processes: ['bf6.exe', 'BF2042.exe'], ports: [], source: 'apps seeds' },
  { name: 'The Finals', processes: ['Discovery.exe'], ports: [], source: 'apps' },
  { name: 'Marvel Rivals', processes: ['Marvel-Win64-Shipping.exe'], ports: [], source: 'apps' },
  { name: 'Deadlock', processes: ['project8.exe', 'deadlock.exe'], ports: ['27015-27050'], traffic: SOURCE_ENGINE, source: 'apps seeds' },
  {
    name: 'Team Fortress 2',
    processes: ['hl2.exe', 'tf_linux64'],
    ports: ['27015-27050'],
    traffic: SOURCE_ENGINE,
    source: 'gamedig seeds',
  },
  { name: 'War Thunder', processes: ['aces.exe'], ports: ['20000-30000', '16172'], source: 'gaijin seeds' },
  { name: 'World of Tanks', processes: ['WorldOfTanks.exe'], ports: [], source: 'wot seeds' },
  { name: 'Dead by Daylight', processes: ['DeadByDaylight-Win64-Shipping.exe'], ports: [], source: 'apps' },
  { name: 'GTA Online / FiveM', processes: ['GTA5.exe', 'GTA5_Enhanced.exe', 'FiveM_GTAProcess.exe'], ports: [], source: 'apps tables' },
  { name: 'Destiny 2', processes: ['destiny2.exe'], ports: [], source: 'seeds' },
  { name: 'Warframe', processes: ['Warframe.x64.exe'], ports: [], source: 'apps netch' },
  { name: 'EA FC', processes: ['FC25.exe', 'FC26.exe'], ports: [], source: 'apps seeds' },
  { name: 'DayZ', processes: ['DayZ_x64.exe'], ports: ['2302-2305'], source: 'gamedig apps seeds' },
  { name: 'ARK', processes: ['ShooterGame.exe', 'ArkAscended.exe'], ports: ['7777-7778'], source: 'gamedig apps seeds' },
  { name: 'Squad', processes: ['Squad.exe', 'SquadGame.exe'], ports: ['7787'], source: 'gamedig apps' },
  { name: 'Arma 3', processes: ['arma3_x64.exe'], ports: ['2302-2305'], source: 'gamedig apps' },
  { name: 'Valheim', processes: ['valheim.exe', 'valheim.x86_64'], ports: ['2456-2458'], source: 'gamedig apps' },
  { name: 'Palworld', processes: ['Palworld-Win64-Shipping.exe'], ports: ['8211'], source: 'gamedig apps seeds' },
  { name: 'Hunt: Showdown', processes: ['HuntGame.exe'], ports: [], source: 'apps' },
  { name: 'Genshin Impact', processes: ['GenshinImpact.exe', 'YuanShen.exe'], ports: ['22101-22102'], source: 'apps seeds' },
];
