import { setTimeout } from 'node:timers/promises';
import type { PlayerPlan } from '../../src/game/player.ts';
import type { Run } from '../../src/runs.ts';
import { expectSources, judgeChange, losePath, watchChange } from './changes.ts';
import type { Limits } from './changes.ts';
import type { Attachment } from './internet.ts';
import { link } from './network.ts';
import type { Namespace } from './network.ts';
import { CONTROL_PORT, DATA_PORT, defineScenario } from './scene.ts';
import type { Agent, Scene } from './scene.ts';
import { playTogether } from './together.ts';

/** What a link of no length has under way. */
const MAX_UNDER_WAY = 2;
const MAX_GAP_MS = 500;
/** As when a node is lost: that is noticed in the same way. */
const MAX_DETECTED_GAP_MS = 1_000;
const ROAM_MS = 1_500;

/** A machine of players and a node's machine have a link of each family: IPv4 at eth1, IPv6 at eth2. */
const CLIENT = ['10.99.0.2', 'fd77::2'] as const;
const NODE = ['10.99.0.1', 'fd77::1'] as const;
const NAME = 'node.lab';

/** A client's path goes over from IPv4 to IPv6 and back in the middle of a game. */
export const roaming = defineScenario(
  'roaming',
  "a client's path goes over from IPv4 to IPv6 and back: next to nothing is lost",
  async (means) => {
    const { agent } = await playing(means.scene, { source: CLIENT[0] });
    const change = async () => {
      for (const local of [CLIENT[1], CLIENT[0]]) {
        await agent.rebind(local);
        await setTimeout(ROAM_MS);
      }
    };
    const watched = await watchChange(agent, change, ROAM_MS);
    const rebound = watched[0][0].events.filter((event) => event.endsWith('path 0 rebound'));
    means.expect.equal('moves of the path', rebound.length, 2);
    await expectSources(means, 1);
    return judgeChange(means, watched, { maxLost: MAX_UNDER_WAY, maxGapMs: MAX_GAP_MS });
  },
);

/** A client with a path of each family loses the link of the IPv4 one. */
export const twoFamilies = loseLink(
  'two-families',
  'a client with a path of each family loses the IPv4 link, and nothing else',
  { source: CLIENT[0], paths: [CLIENT[1]], multipath: 'duplicate' },
  'eth1',
  { maxLost: 0, maxGapMs: MAX_GAP_MS },
);

/** A client whose path is bound to no address loses the link of the family that it uses. */
export const otherFamily = loseLink(
  'other-family',
  'a client loses the link of the family that it uses: a gap of less than 1 s',
  {},
  'eth2',
  { maxGapMs: MAX_DETECTED_GAP_MS },
);

function loseLink(name: string, about: string, tunnel: Partial<PlayerPlan['tunnel']>, device: string, limits: Limits): Run {
  return defineScenario(name, about, async (means) => {
    const { agent, machine } = await playing(means.scene, tunnel);
    return losePath(means, agent, () => machine.ip(`link set ${device} down`), limits);
  });
}

/** Clients register over one family and play over the other: their nodes' planes are bound to one address each. */
export const crossFamily = defineScenario('cross-family', 'clients register over one family and play over the other', async (means) => {
  const { scene } = means;
  const { host, machine } = await linked(scene);
  const agents = await Promise.all(
    [NODE, NODE.toReversed()].map(async ([control, data], index) => {
      const flags = ['--control-bind', `${bracketed(control)}:${5_000 + index}`, '--data-bind', `${bracketed(data)}:${6_000 + index}`];
      const node = await scene.node(`node-${index}`, { host, flags });
      const agent = await scene.agent(machine);
      const [{ seenAt }] = await scene.play(agent, { register: scene.registrationAt(control, node) });
      means.progress(`registered from ${seenAt}, plays at ${data}`);
      return agent;
    }),
  );
  return playTogether(means, agents);
});

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

async function linked({ internet }: Scene): Promise<{ readonly host: Attachment; readonly machine: Namespace }> {
  const host = await internet.machine();
  const machine = await internet.namespace();
  for (const [index, bits] of [24, 64].entries()) {
    const end = (at: Namespace, address: string) => ({ in: at, interface: `eth${index + 1}`, address: `${address}/${bits}` });
    await link(end(host.in, NODE[index]), end(machine, CLIENT[index]));
  }
  return { host, machine };
}

/** One player on a machine where the node's name has an address of each family. */
async function playing(
  scene: Scene,
  tunnel: Partial<PlayerPlan['tunnel']>,
): Promise<{ readonly agent: Agent; readonly machine: Namespace }> {
  const { host, machine } = await linked(scene);
  const flags = ['--data-bind', `[::]:${DATA_PORT}`, '--control-bind', `[::]:${CONTROL_PORT}`];
  const node = await scene.node('node', { host, flags });
  const agent = await scene.agent(machine, { [NAME]: NODE });
  await scene.play(agent, { ...tunnel, register: scene.registrationAt(NAME, node) });
  return { agent, machine };
}
