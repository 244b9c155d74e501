import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Places } from '@lightspeed/capture';
import { formatTicket } from '@lightspeed/security';
import { parseIpv4 } from '@lightspeed/wire';
import { expect } from 'vitest';
import { startChild } from '../../../src/child-program.ts';
import { ForeignProcess, command } from '../../../src/foreign-process.ts';
import { temporaryFolder } from '../../../src/leftovers.ts';
import type { Attachment } from '../../namespaces/internet.ts';
import type { Namespace } from '../../namespaces/network.ts';
import { openScene } from '../../namespaces/scene.ts';
import { eventually } from '../../support/eventually.ts';
import type { AskerProgram } from './asker-main.ts';
import type { GameAddress, Match, MatchReport } from './matchmaking.ts';
import type { MatchmakerProgram } from './matchmaker-main.ts';

/** Public addresses, since private ones are never caught: of game servers, and of the matchmaker. */
export const SERVERS: readonly GameAddress[] = [
  { ip: '8.8.4.4', port: 27_015 },
  { ip: '8.8.4.5', port: 27_016 },
  { ip: '8.8.4.4', port: 27_017 },
];
/** Where the matchmaker is. */
export const MATCHMAKER: GameAddress = { ip: '8.8.4.6', port: 8_080 };
/** What is tested here is catching: scenarios of their own test by which way flows go. */
const ALWAYS = 'node';
const SOURCE = '--conditions=@lightspeed/source';
let stages = 0;
const HELPER = fileURLToPath(import.meta.resolve('@lightspeed/capture/helper'));
const CLIENT = fileURLToPath(new URL('../../../../../apps/client/src/main.ts', import.meta.url));
const GAME = fileURLToPath(new URL('./game-main.ts', import.meta.url));
/** Empty ones, whose name is `$0`. */
const REMOVE_GROUPS = 'find /sys/fs/cgroup -depth -path "*/$0*" -type d -exec rmdir {} + 2>/dev/null || true';
/** Until no capture of the helper with slice `$0` has rules or a control group. */
const UNTIL_GONE = 'while nft list tables | grep -q lightspeed_[0-9] || find /sys/fs/cgroup -path "*/$0/*" -type d | grep -q .; do :; done';
const START_MS = 30_000;
const END_MS = 60_000;
/** In a folder `$0`. */
export const TUN_FOR_ALL = '[ -e "$0/tun" ] || mknod -m 666 "$0/tun" c 10 200; mount --bind "$0/tun" /dev/net/tun || exit 1';
const FIRST_UID = 64_000 + 20 * Number(process.env.VITEST_POOL_ID ?? 0);
/**
 * Users without rights, with settings; a file of tests that runs at the same time has others. Those of runs without the helper are
 * apart, so that what is left of them is seen.
 */
export const [PLAYER_UID, OTHER_UID, ROOTLESS_UID, OTHER_ROOTLESS_UID] = [0, 1, 10, 11].map((number) => FIRST_UID + number);
/** Public too: by its address alone, the node could be caught. */
const NODE = '8.8.4.10';

/** An internet with a node, game servers at public addresses, a matchmaker, and a player's machine with the helper. */
export type CaptureStage = Awaited<ReturnType<typeof openCaptureStage>>;

/** Where a program is started, and as whom. */
export interface Whereabouts {
  readonly machine?: Namespace;
  readonly uid?: number;
  /** Words in front of it, which root runs. */
  readonly around?: readonly string[];
}

/** What is started in a machine: a line that was printed, and its end. */
export class Program extends ForeignProcess {
  /** The report that a game has printed. */
  async report(): Promise<MatchReport> {
    const line = await this.line(/^\{"lastLost":/, END_MS);
    return JSON.parse(line) as MatchReport;
  }
}

/** What a capture could leave behind on a machine. */
export async function traces({
  home,
  slice,
}: {
  readonly home: { readonly in: Namespace };
  readonly slice: string;
}): Promise<Readonly<Record<string, string>>> {
  const machine = home.in;
  return {
    rules: await machine.run('nft', ['list', 'ruleset']),
    routing: await machine.run('ip', ['-4', 'rule', 'show']),
    routes: await machine.run('ip', ['-4', 'route', 'show', 'table', 'all']),
    interfaces: await machine.run('ip', ['-br', 'link']),
    settings: await machine.run('sh', ['-c', 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/send_redirects']),
    groups: await groups(slice),
  };
}

/** Control groups of the helper's. */
function groups(slice: string): Promise<string> {
  return command('find', ['/sys/fs/cgroup', '-path', `*/${slice}/*`, '-type', 'd']);
}

/** In a network namespace, with the file systems of this machine: control groups are seen there. */
function inNetworkOf({ name }: Namespace): string[] {
  return ['nsenter', `--net=/run/netns/${name}`];
}

/** All of it ends with `started`. */
export async function openCaptureStage(started: AsyncDisposableStack) {
  const scene = await openScene(started);
  const { internet } = scene;
  /** Lets a machine have one more address, to which the internet has a route. */
  const giveAddress = async ({ in: machine, address }: Attachment, ip: string) => {
    await machine.ip(`address add ${ip}/32 dev lo`);
    await internet.router.ip(`route add ${ip}/32 via ${address}`);
  };
  const nodeHost = await internet.machine();
  await giveAddress(nodeHost, NODE);
  const host = { ...nodeHost, address: NODE, ip: parseIpv4(NODE) ?? 0 };
  const node = await scene.node('node', { host, flags: ['--egress-bind', NODE, '--allow-destination', '8.8.4.0/24'] });
  const server = await internet.machine();
  for (const ip of new Set([...SERVERS, MATCHMAKER].map(({ ip }) => ip))) await giveAddress(server, ip);
  const matchmaker = started.use(
    startChild<MatchmakerProgram>({
      program: new URL('./matchmaker-main.ts', import.meta.url),
      name: 'the matchmaker',
      within: server.in.within,
    }),
  );
  await matchmaker.serve(SERVERS);
  await matchmaker.listen(MATCHMAKER.ip, MATCHMAKER.port);
  const home = await internet.machine();
  const { path } = started.use(await temporaryFolder());
  await chmod(path, 0o755);
  let gates = 0;
  const socket = join(path, 'helper.sock');
  // Of this stage alone: helpers of several would take away each other's groups.
  const slice = `lightspeed-lab-${process.pid}-${++stages}.slice`;
  started.defer(async () => void (await command('sh', ['-c', REMOVE_GROUPS, slice])));
  /** A user's own folder. */
  const folderOf = (uid: number) => join(path, `user-${uid}`);
  for (const uid of [0, PLAYER_UID, OTHER_UID, ROOTLESS_UID, OTHER_ROOTLESS_UID]) {
    const settings = join(folderOf(uid), '.config', 'lightspeed');
    await mkdir(settings, { recursive: true });
    const known = { node: `${node.address}:4433`, pin: node.program.pinText, ticket: formatTicket(scene.ticket()) };
    const lines = Object.entries(known).map(([key, text]) => `${key} = "${text}"\n`);
    await writeFile(join(settings, 'config.toml'), `helper = "${socket}"\nalways = "${ALWAYS}"\n[[nodes]]\n${lines.join('')}`, {
      mode: 0o600,
    });
    await command('chown', ['-R', `${uid}:${uid}`, folderOf(uid)]);
  }

  /** Starts the helper on a machine. */
  const helper = async ({
    words = [process.execPath, SOURCE, HELPER, '--listen', socket, '--slice', slice, '--stay'],
  }: { words?: readonly string[] } = {}) => {
    const program = started.use(start([...inNetworkOf(home.in), ...words]));
    await program.line(/^listening/, START_MS);
    return program;
  };
  /** Ends the only capture, and waits until nothing is left of it: the helper takes rules and control group away after that. */
  const ended = async (client: Awaited<ReturnType<typeof asker>>) => {
    await client.close();
    await command('nsenter', [`--net=/run/netns/${home.in.name}`, 'timeout', '15', 'sh', '-c', UNTIL_GONE, slice]);
  };
  /** Puts the installation's routing where it is, by a capture that ends at once. */
  const installRouting = async () => {
    const root = await asker(0);
    await root.catch({ kind: 'run' });
    await ended(root);
  };
  /** Resolves when there are no rules of a capture. */
  const capturesEnd = () => eventually(async () => expect(await home.in.run('nft', ['list', 'tables'])).not.toMatch(/ lightspeed_\d/));
  /** Starts anything on a machine, as a user. */
  const program = (words: readonly string[], { machine = home.in, uid = PLAYER_UID, around = [] }: Whereabouts = {}) =>
    started.use(start([...inNetworkOf(machine), ...around, ...asUser(uid), ...words], folderOf(uid)));
  /** `lightspeed`, on a machine, as a user with settings: it needs no options for node and ticket. */
  const lightspeed = (words: readonly string[], where: Whereabouts = {}) => program([process.execPath, SOURCE, CLIENT, ...words], where);
  /** `lightspeed`, without the helper, after a shell of root has done something in mounts of its own: usually any user may use /dev/net/tun. */
  const rootless = (words: readonly string[], { first = TUN_FOR_ALL, uid = PLAYER_UID } = {}) => {
    const around = ['unshare', '--mount', 'sh', '-c', `${first}\nexec "$@"`, path];
    return lightspeed(words, { uid, around });
  };
  const game = [process.execPath, SOURCE, GAME, MATCHMAKER.ip, String(MATCHMAKER.port)];
  /** Starts the game without anything of ours. */
  const plain = (machine: Namespace = home.in, uid = PLAYER_UID) => program(game, { machine, uid });
  /** A game that runs already, and plays when it is released. */
  const held = async () => {
    const gate = join(path, `gate-${gates++}`);
    await command('mkfifo', ['-m', '666', gate]);
    const waiting = ['/bin/sh', '-c', 'echo held; read -r _ < "$0"; exec "$@"', gate, ...game];
    const program = started.use(start([...inNetworkOf(home.in), ...asUser(PLAYER_UID), ...waiting]));
    await program.line(/^held/, START_MS);
    return { program, release: () => writeFile(gate, '\n') };
  };
  /** A client of the helper, connected, as a user. */
  const asker = async (uid: number) => {
    const program = askerOf(uid);
    await program.connect(socket);
    return program;
  };
  /** Installs and removes, as root on the player's machine. */
  const installer = () => askerOf(0);
  /** Where an installation is that is in a folder as a whole. */
  const placesIn = async (folder: string): Promise<Places> => {
    for (const name of ['lib', 'etc']) await mkdir(join(folder, name));
    const library = join(folder, 'lib', 'lightspeed-helper');
    const gatewayFile = join(folder, 'etc', 'lightspeed', 'gateway');
    return { library, units: join(folder, 'units'), hasSystemd: false, gatewayFile, socket, slice };
  };
  const askerOf = (uid: number) =>
    started.use(
      startChild<AskerProgram>({
        program: new URL('./asker-main.ts', import.meta.url),
        name: 'a client of the helper',
        within: [...inNetworkOf(home.in), ...asUser(uid)],
      }),
    );
  /** What to put in front of a command line so that a player runs it on his machine. */
  const asPlayer = () => [...inNetworkOf(home.in), ...asUser(PLAYER_UID)];
  /** Prints `there` at once, and `gone` with the second since 1970 when no capture of the machine has rules any more. */
  const rulesWatcher = () => {
    const isThere = 'nft list tables ip | grep -q lightspeed_[0-9]';
    const loop = `${isThere} && echo there; while ${isThere}; do :; done`;
    return start([...inNetworkOf(home.in), 'sh', '-c', `${loop}; echo gone $(date +%s.%N)`]);
  };
  /** How many rounds of the match the game servers have seen. */
  const playedRounds = async () => {
    const counts = Object.values((await matchmaker.seen()).udp);
    return counts.reduce((sum, count) => sum + count, 0) / SERVERS.length;
  };
  const offer = (match: Partial<Match>) => matchmaker.offer({ servers: SERVERS, datagrams: 40, perSecond: 40, ...match });
  return {
    folderOf,
    held,
    installer,
    placesIn,
    installRouting,
    capturesEnd,
    ended,
    scene,
    internet,
    node,
    home,
    server,
    matchmaker,
    program,
    socket,
    slice,
    helper,
    lightspeed,
    rootless,
    game,
    plain,
    asker,
    asPlayer,
    rulesWatcher,
    playedRounds,
    offer,
  };
}

function asUser(uid: number): string[] {
  return uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
}

function start(words: readonly string[], folder?: string): Program {
  const [first, ...rest] = words;
  const env = { ...process.env, ...(folder === undefined ? {} : { HOME: folder, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined }) };
  return new Program(first, rest, env, folder);
}
