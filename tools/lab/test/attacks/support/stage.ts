import { setTimeout } from 'node:timers/promises';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import { startChild } from '../../../src/child-program.ts';
import { totals } from '../../../src/game/player.ts';
import type { RegisteredSession } from '../../../src/load/registrant.ts';
import { NodeMetrics } from '../../../src/node-metrics.ts';
import type { Attachment } from '../../namespaces/internet.ts';
import { DATA_PORT, openScene } from '../../namespaces/scene.ts';
import type { AttackReport, AttackerProgram, Burst } from './attacker-main.ts';
import { openMeter } from './meter.ts';

/** The program of another checkout's node, to see which attacks it does not withstand. */
const PROGRAM = process.env.LIGHTSPEED_NODE_PROGRAM;
const REGISTER_MS = 20_000;
/** Game servers may run on any machine; the node's own is closed anyway. */
const MACHINES = '10.77.0.0/16';
const HTTP = '127.0.0.1:8080';
const LOOK_MS = 50;
const REST_MS = 400;
const UNTIL_MS = 15_000;

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
  const meter = await openMeter(host.in, DATA_PORT, gameServer.ip);
  const allow = ['--allow-destination', MACHINES, '--http-bind', HTTP];
  const open = dialect === undefined ? [] : ['--allow-open', '--dialect', dialect];
  const admit = dialect === undefined ? undefined : 'anybody';
  const node = await scene.node('node', { host, flags: [...allow, ...open, ...flags], program: PROGRAM, admit });
  const home = await internet.machine();
  const victim = await internet.machine();
  const { in: den, ip: attackerIp } = await internet.machine();
  for (const { address } of [home, victim]) await den.ip(`address add ${address}/32 dev lo`);
  const attacker = started.use(
    startChild<AttackerProgram>({ program: new URL('./attacker-main.ts', import.meta.url), name: 'the attacker', within: den.within }),
  );

  const players = await scene.agent(home.in);
  const tunnel =
    dialect === undefined ? { register: scene.registration(node) } : { node: { host: host.address, port: DATA_PORT }, dialect };
  /** Has this many players in all on the players' machine. @returns where their packets come from */
  const play = async (count = 1): Promise<Endpoint[]> => {
    await scene.play(players, { ...tunnel, source: home.address }, { players: count });
    return (await meter.sources()).filter(({ ip }) => ip === home.ip);
  };
  /** A registration of the attacker's own; sessions of one ticket are one account's. */
  const registration = (ticket = scene.ticket()): Promise<RegisteredSession> =>
    attacker.register({ ...settingsOf(node.program.control), sha256: node.program.pin, ticket, timeoutMs: REGISTER_MS });
  const attack = (bursts: readonly Burst[], pace: Pace): Promise<AttackReport> =>
    attacker.attack({ to: { ip: host.ip, port: DATA_PORT }, bursts, ...pace });
  /** A game server of the attacker's own. */
  const serve = (at: Endpoint, answers: number, answerBytes: number) => attacker.serve(at, answers, answerBytes);
  const metrics = async () => {
    const script = `fetch('http://${HTTP}/metrics').then((answer) => answer.text()).then((text) => console.log(text))`;
    return NodeMetrics.parse(await host.in.run(process.execPath, ['-e', script]));
  };
  const metric = async (name: string) => (await metrics()).value(name);
  /** Waits until a metric has come so far. */
  const until = async (name: string, value: number) => {
    const endMs = performance.now() + UNTIL_MS;
    while ((await metric(name)) < value) {
      if (performance.now() > endMs) throw new Error(`${name} is ${await metric(name)}, not ${value}`);
      await setTimeout(LOOK_MS);
    }
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

/** What an address got on its wire for each byte that was sent in its name; 0 if it got nothing. */
export async function amplification({ meter }: Stage, { address }: Attachment): Promise<number> {
  const ip = parseIpv4(address);
  const [sent, got] = [await meter.bytesFrom(ip ?? 0), await meter.bytesTo(ip ?? 0)];
  return got === 0 ? 0 : got / sent;
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
