import { setTimeout } from 'node:timers/promises';
import { formatEndpoint, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { totals } from '../../src/game/player.ts';
import { link } from './network.ts';
import type { ProbeReport } from './probe.ts';
import { CONTROL_PORT, DATA_PORT, defineScenario } from './scene.ts';

const DATAGRAMS_PER_SECOND = 50;
const PROBE_MS = 4_000;
/** A listener is there within a second; the try that finds it takes up to a third of one. */
const MAX_ADDED_MS = 1_400;
/** After which an address of the node's own is closed as a destination. */
const NOTICED_MS = 1_000;
const SERVER_PORT = 27_016;

/** Addresses of the node on the link to the client: two of each family, and one of each that comes later. */
const FIRST = ['10.99.0.1', 'fd77::1'];
const SECOND = ['10.99.0.3', 'fd77::3'];
const ADDED = ['10.99.0.5', 'fd77::5'];
const CLIENT = ['10.99.0.2', 'fd77::2'];
/** Addresses that the node's machine gets later, where a program answers: relayed to only if that is allowed. */
const OWN = '5.5.5.5';
const ALLOWED = '5.5.5.6';

/**
 * A node has several addresses of both families and is bound to all of them. Both its planes answer from the one that was
 * spoken to. Addresses come and go while a client plays.
 */
export const multiHomed = defineScenario(
  'multi-homed',
  'a node with several addresses of both families answers from each, also from one that comes later',
  async ({ expect, progress, scene }) => {
    const host = await scene.internet.machine();
    const machine = await scene.internet.namespace();
    const end = { interface: 'eth1' };
    await link({ ...end, in: host.in, address: withPrefix(FIRST[0]) }, { ...end, in: machine, address: withPrefix(CLIENT[0]) });
    for (const address of [FIRST[1], ...SECOND]) await host.in.addAddress(withPrefix(address), 'eth1');
    await machine.addAddress(withPrefix(CLIENT[1]), 'eth1');
    const allow = ['--allow-destination', `${ALLOWED}/32:${SERVER_PORT}`];
    const flags = ['--data-bind', `[::]:${DATA_PORT}`, '--control-bind', `[::]:${CONTROL_PORT}`, ...allow];
    const node = await scene.node('node', { host, flags });
    await (await scene.agent(host.in)).serve({ ip: 0, port: SERVER_PORT });
    const [agent, player] = [await scene.agent(machine), await scene.agent(machine)];

    const reach = async (control: string, data = control, gameServer: Endpoint = scene.gameServer): Promise<ProbeReport> => {
      const planes = { control: { host: control, port: CONTROL_PORT }, data: { host: data, port: DATA_PORT } };
      const plan = { ...planes, sha256: node.program.pin, ticket: scene.ticket(), gameServer, withinMs: PROBE_MS };
      const report = await agent.probe(plan);
      progress(`${control}, ${data}, ${formatEndpoint(gameServer.ip, gameServer.port)}: ${JSON.stringify(report)}`);
      return report;
    };
    for (const address of [...FIRST, ...SECOND]) {
      expect.that((await reach(address)).playedMs !== undefined, `the node does not answer from ${address}`);
    }
    for (const [control, data] of [FIRST, FIRST.toReversed()]) {
      expect.that((await reach(control, data)).playedMs !== undefined, `who registers at ${control} cannot play at ${data}`);
    }

    await scene.play(player, { register: scene.registrationAt(FIRST[0], node) }, { datagramsPerSecond: DATAGRAMS_PER_SECOND });
    await player.mark();
    const figures: Record<string, number> = {};
    for (const address of ADDED) {
      await host.in.addAddress(withPrefix(address), 'eth1');
      const { registeredMs = Infinity, playedMs } = await reach(address);
      figures[`${address} reached after ms`] = Math.round(registeredMs);
      expect.that(registeredMs < MAX_ADDED_MS, `${address} was reached ${Math.round(registeredMs)} ms after it was added`);
      expect.that(playedMs !== undefined, `nobody plays at ${address}`);
    }
    for (const address of ADDED) await host.in.ip(`address del ${withPrefix(address)} dev eth1`);
    await setTimeout(NOTICED_MS);
    for (const address of SECOND) {
      expect.that((await reach(address)).playedMs !== undefined, `${address} answers no more after another has gone`);
    }
    // An address that the machine gets while the node runs is no destination, whatever answers there, unless it is allowed.
    for (const address of [OWN, ALLOWED]) await host.in.ip(`address add ${address}/32 dev lo`);
    await setTimeout(NOTICED_MS);
    const isRelayedTo = async (server: string) =>
      (await reach(FIRST[0], FIRST[0], { ip: parseIpv4(server) ?? 0, port: SERVER_PORT })).playedMs !== undefined;
    expect.that(!(await isRelayedTo(OWN)), `${OWN}, the node's own since a second, was relayed to`);
    expect.that(await isRelayedTo(ALLOWED), `${ALLOWED}, which is allowed, was not reached`);

    const during = await player.finish();
    const { sent, lost, strange } = totals(during);
    progress(`the player: ${lost} of ${sent} lost; ${during[0].events.join('; ')}`);
    expect.that(sent > 0, 'the client does not play any more');
    expect.equal('datagrams lost', lost, 0);
    expect.equal('answers that were strange', strange, 0);
    expect.that(!during[0].events.some((event) => event.includes('control')), 'the control connection of who plays was lost');
    return figures;
  },
);

function withPrefix(address: string): string {
  return address.includes(':') ? `${address}/64` : `${address}/24`;
}
