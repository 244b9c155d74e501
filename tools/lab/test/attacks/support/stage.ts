import { setTimeout } from 'node:timers/promises';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import { startChild } from '../../../src/child-program.ts';
import { totals } from '../../../src/game/player.ts';
import type { RegisteredSession } from '../../../src/load/registrant.ts';
import type { Attachment } from '../../namespaces/internet.ts';
import { CONTROL_PORT, DATA_PORT, openScene } from '../../namespaces/scene.ts';
import type { Namespace } from '../../namespaces/network.ts';
import type { AttackReport, AttackerProgram, Burst } from './attacker-main.ts';
import type { ProofFields } from './forgery.ts';
import { openMeter } from './meter.ts';
import type { Plane } from './meter.ts';
import type { WatcherProgram } from './watcher-main.ts';

/** The program of another checkout's node, to see which attacks it does not withstand. */
const PROGRAM = process.env.LIGHTSPEED_NODE_PROGRAM;
const PORTS = { data: DATA_PORT, control: CONTROL_PORT };
const REGISTER_MS = 20_000;
/** Game servers may run on any machine; the node's own is closed anyway. */
const MACHINES = '10.77.0.0/16';
const HTTP = '127.0.0.1:8080';
const METRICS = `http://${HTTP}/metrics`;
const REST_MS = 400;
const UNTIL_MS = 15_000;
const POLL_MS = 5;

/** An internet with a node, two players, a game server, a victim that sends nothing, and an attacker that can send as either. */
export type Stage = Awaited<ReturnType<typeof openStage>>;

/** How fast an attacker sends, and how much. */
export interface Pace {
  readonly perSecond: number;
  readonly count: number;
}

/** How the node of a stage differs from one that lets in who has a ticket. */
export interface StageOptions {
  /** More of its command line. */
  readonly flags?: readonly string[];
  /** Lets everybody in, and speaks this dialect. */
  readonly dialect?: Dialect;
}

/** All of it ends with `started`. */
export async function openStage(started: AsyncDisposableStack, { flags = [], dialect }: StageOptions = {}) {
  const scene = await openScene(started);
  const { internet, gameServer } = scene;
  await internet.router.run('sh', ['-c', 'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done']);
  const host = await internet.machine();
  const meter = await openMeter(internet, host, PORTS, gameServer.ip);
  const allow = ['--allow-destination', MACHINES, '--http-bind', HTTP];
  const open = dialect === undefined ? [] : ['--allow-open', '--dialect', dialect];
  const admit = dialect === undefined ? undefined : 'anybody';
  const node = await scene.node('node', { host, flags: [...allow, ...open, ...flags], program: PROGRAM, admit });
  const home = await internet.machine();
  const victim = await internet.machine();
  const { in: den, ip: attackerIp } = await internet.machine();
  for (const { address } of [home, victim]) await den.ip(`address add ${address}/32 dev lo`);
  const attackerIn = ({ within }: Namespace) => {
    const program = new URL('./attacker-main.ts', import.meta.url);
    return started.use(startChild<AttackerProgram>({ program, name: 'the attacker', within }));
  };
  const attacker = attackerIn(den);

  const watcher = started.use(
    startChild<WatcherProgram>({ program: new URL('./watcher-main.ts', import.meta.url), name: 'the watcher', within: host.in.within }),
  );
  const players = await scene.agent(home.in);
  const tunnel =
    dialect === undefined ? { register: scene.registration(node) } : { node: { host: host.address, port: DATA_PORT }, dialect };
  /** Has this many players in all on the players' machine. @returns where their packets come from */
  const play = async (count = 1): Promise<Endpoint[]> => {
    await scene.play(players, { ...tunnel, source: home.address }, { players: count });
    // A node of dialect reference acknowledges nothing: the first packet may still be under way.
    for (const deadlineMs = performance.now() + UNTIL_MS; ; await setTimeout(POLL_MS)) {
      const sources = (await meter.sources()).filter(({ ip }) => ip === home.ip);
      if (sources.length > 0 || performance.now() > deadlineMs) return sources;
    }
  };
  /** A registration of the attacker's own; sessions of one ticket are one account's. */
  const registration = (ticket = scene.ticket(), capabilities?: number): Promise<RegisteredSession> =>
    attacker.register({ ...settingsOf(node.program.control), sha256: node.program.pin, ticket, capabilities, timeoutMs: REGISTER_MS });
  /** The accounts that the node has banned: ids of tickets. */
  const banned = async (): Promise<string[]> => {
    const bans = JSON.parse(await node.program.command('bans', 'list', '--json')) as readonly { readonly account: string }[];
    return bans.map(({ account }) => account);
  };
  /** Has the attacker bind its session at an address of its own. */
  const bind = (session: RegisteredSession, from: Endpoint, fields: ProofFields) =>
    attacker.bind(session, from, { ip: host.ip, port: DATA_PORT }, fields);
  const attack = (bursts: readonly Burst[], pace: Pace, plane: Plane = 'data'): Promise<AttackReport> =>
    attacker.attack({ to: { ip: host.ip, port: PORTS[plane] }, bursts, ...pace });
  /** An attacker that sends to players in the node's name. */
  const impostor = async () => {
    const { in: lair } = await internet.machine();
    await lair.ip(`address add ${host.address}/32 dev lo`);
    const posing = attackerIn(lair);
    return (to: Endpoint, bursts: readonly Burst[], pace: Pace) => posing.attack({ to, bursts, ...pace });
  };
  /** A game server of the attacker's own. */
  const serve = (at: Endpoint, answers: number, answerBytes: number) => attacker.serve(at, answers, answerBytes);
  /** What a metric of the node says, by its name with labels and without `lightspeed_`. */
  const metric = (name: string): Promise<number> => watcher.metric(METRICS, name);
  /** Waits until a metric has come so far. @returns when, in milliseconds since 1970 */
  const until = async (name: string, value: number): Promise<number> => {
    const seen = await watcher.until(METRICS, name, value, UNTIL_MS);
    if (seen.value < value) throw new Error(`${name} is ${seen.value}, not ${value}`);
    return seen.atMs;
  };
  /** Lets the players play for a while. */
  const settle = (ms: number) => setTimeout(ms);
  const attackerAt = (port: number): Endpoint => ({ ip: attackerIp, port });
  const victimAt = (port: number): Endpoint => ({ ip: victim.ip, port });
  return {
    scene,
    gameServer,
    play,
    players,
    home,
    victim,
    attackerAt,
    victimAt,
    registration,
    banned,
    dataPort: { ip: host.ip, port: DATA_PORT },
    impostor,
    bind,
    attack,
    meter,
    metric,
    until,
    serve,
    settle,
    release: () => attacker.leave(),
  };
}

function settingsOf({ ip, port }: Endpoint): { readonly host: string; readonly port: number } {
  return { host: formatIpv4(ip), port };
}

/** What an address got on its wire for each byte that was sent in its name; 0 if it got nothing. @param happens as long as that lasts */
export async function amplification(
  { meter }: Stage,
  { address }: Attachment,
  happens?: () => Promise<unknown>,
  plane?: Plane,
): Promise<number> {
  const ip = parseIpv4(address) ?? 0;
  const before = happens === undefined ? { sent: 0, got: 0 } : await meter.between(ip, plane);
  await happens?.();
  const { sent, got } = await meter.between(ip, plane);
  return got === before.got ? 0 : (got - before.got) / (sent - before.sent);
}

/** What players lost while something happened, and what their tunnels said: that a path was silent, or a session ended. */
export interface Harm {
  readonly sent: number;
  readonly lost: number;
  readonly events: readonly string[];
}

/** Has the players play through something, and {@link REST_MS} more. */
export async function playThrough({ players }: Stage, happens: () => Promise<unknown>): Promise<Harm> {
  await players.mark();
  await happens();
  await setTimeout(REST_MS);
  const reports = await players.mark();
  const { sent, lost } = totals(reports);
  return { sent, lost, events: reports.flatMap(({ events }) => events) };
}
