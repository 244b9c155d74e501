import { setTimeout } from 'node:timers/promises';
import type { TunnelSettings } from '@lightspeed/client';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import type { Agent } from './agent.ts';
import { judgeChange, watchChange } from './changes.ts';
import { strange, totals } from './figures.ts';
import type { Namespace } from './namespace.ts';
import { Scene } from './scene.ts';

const DATAGRAMS_PER_SECOND = 100;
const PLAY_MS = 3_000;
/** What a link of no length has under way. */
const MAX_UNDER_WAY = 2;
const MAX_GAP_MS = 500;
/** As when a node is lost: that is noticed in the same way. */
const MAX_DETECTED_GAP_MS = 1_000;

/** A machine of players and a node's machine have a link of each family: IPv4 at eth1, IPv6 at eth2. */
const CLIENT = ['10.99.0.2', 'fd77::2'] as const;
const NODE = ['10.99.0.1', 'fd77::1'] as const;
const NAME = 'node.lab';

/** A client's path goes over from IPv4 to IPv6 and back in the middle of a game. */
export async function runRoaming(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const { agent } = await playing(scene, { source: CLIENT[0] });
  const expectations = new Expectations();
  const change = async () => {
    for (const local of [CLIENT[1], CLIENT[0]]) {
      await agent.rebind(local);
      await setTimeout(PLAY_MS / 2);
    }
  };
  const watched = await watchChange(agent, change, PLAY_MS / 2);
  progress(watched[0][0].events.join('; '));
  const figures = judgeChange(expectations, watched, { maxLost: MAX_UNDER_WAY, maxGapMs: MAX_GAP_MS });
  const rebound = watched[0][0].events.filter((event) => event.endsWith('path 0 rebound'));
  expectations.equal('moves of the path', rebound.length, 2);
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, 1);
  return { name: 'roaming', faults: expectations.faults, figures };
}

/** A client with a path of each family loses the link of the IPv4 one. */
export function runTwoFamilies(progress: Progress): Promise<Outcome> {
  const tunnel = { source: CLIENT[0], paths: [CLIENT[1]], multipath: 'duplicate' } as const;
  return loseLink('two-families', tunnel, 'eth1', { maxLost: 0, maxGapMs: MAX_GAP_MS }, progress);
}

/** A client whose path is bound to no address loses the link of the family that it uses. */
export function runOtherFamily(progress: Progress): Promise<Outcome> {
  return loseLink('other-family', {}, 'eth2', { maxGapMs: MAX_DETECTED_GAP_MS }, progress);
}

async function loseLink(
  name: string,
  tunnel: Partial<TunnelSettings>,
  link: string,
  limits: { readonly maxLost?: number; readonly maxGapMs: number },
  progress: Progress,
): Promise<Outcome> {
  await using scene = await Scene.open();
  const { agent, machine } = await playing(scene, tunnel);
  const expectations = new Expectations();
  const watched = await watchChange(agent, () => machine.ip(`link set ${link} down`));
  const [{ events }] = watched[0];
  progress(events.join('; '));
  const figures = judgeChange(expectations, watched, limits);
  expectations.that(
    events.some((event) => event.endsWith('path 0 down')),
    'the client did not notice that a path is gone',
  );
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, 1);
  return { name, faults: expectations.faults, figures };
}

/** Clients register over one family and play over the other: their nodes' planes are bound to one address each. */
export async function runCrossFamily(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const { host, machine } = await linked(scene);
  const agents = await Promise.all(
    [NODE, NODE.toReversed()].map(async ([control, data], index) => {
      const flags = ['--control-bind', `${bracketed(control)}:${5_000 + index}`, '--data-bind', `${bracketed(data)}:${6_000 + index}`];
      const node = await scene.node(`node-${index}`, { host, flags });
      const agent = scene.agent(machine);
      const [{ seenAt }] = await play(agent, scene, { register: scene.registrationAt(control, node) });
      progress(`registered from ${seenAt}, plays at ${data}`);
      return agent;
    }),
  );
  await setTimeout(PLAY_MS);
  const reports = (await Promise.all(agents.map((agent) => agent.finish()))).flat();
  const expectations = new Expectations();
  const { sent, lost } = totals(reports);
  expectations.equal('clients that played', reports.filter(({ game }) => game.sent > 0).length, agents.length);
  expectations.equal('datagrams lost', lost, 0);
  expectations.equal('answers that were strange', strange(reports), 0);
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, agents.length);
  return { name: 'cross-family', faults: expectations.faults, figures: { lost: `${lost} of ${sent}` } };
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

type Host = Awaited<ReturnType<Scene['internet']['machine']>>;

async function linked({ network, internet }: Scene): Promise<{ readonly host: Host; readonly machine: Namespace }> {
  const host = await internet.machine();
  const machine = await network.namespace();
  for (const [index, bits] of [24, 64].entries()) {
    const end = (at: Namespace, address: string) => ({ in: at, interface: `eth${index + 1}`, address: `${address}/${bits}` });
    await network.link(end(host.in, NODE[index]), end(machine, CLIENT[index]));
  }
  return { host, machine };
}

/** One player on a machine where the node's name has an address of each family. */
async function playing(scene: Scene, tunnel: Partial<TunnelSettings>): Promise<{ readonly agent: Agent; readonly machine: Namespace }> {
  const { host, machine } = await linked(scene);
  const node = await scene.node('node', { host, flags: ['--data-bind', '[::]:4434', '--control-bind', '[::]:4433'] });
  const agent = scene.agent(machine, await scene.hosts(NAME, NODE));
  await play(agent, scene, { ...tunnel, register: scene.registrationAt(NAME, node), keepaliveMs: 250 });
  return { agent, machine };
}

function play(agent: Agent, { gameServer }: Scene, tunnel: Partial<TunnelSettings>) {
  return agent.play({ players: 1, tunnel, gameServer, datagramsPerSecond: DATAGRAMS_PER_SECOND });
}
