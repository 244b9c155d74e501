import { setTimeout } from 'node:timers/promises';
import { formatEndpoint, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import { strange, totals } from './figures.ts';
import type { ProbeReport } from './probe.ts';
import { CONTROL_PORT, DATA_PORT, Scene } from './scene.ts';

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
export async function runMultiHomed(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const allow = ['--allow-destination', `${ALLOWED}/32:${SERVER_PORT}`];
  const flags = ['--data-bind', `[::]:${DATA_PORT}`, '--control-bind', `[::]:${CONTROL_PORT}`, ...allow];
  const machine = await scene.network.namespace();
  const host = await scene.internet.machine();
  await scene.network.link(
    { in: host.in, interface: 'eth1', address: `${FIRST[0]}/24` },
    { in: machine, interface: 'eth1', address: `${CLIENT[0]}/24` },
  );
  for (const address of [FIRST[1], ...SECOND]) await host.in.addAddress(withPrefix(address), 'eth1');
  await machine.addAddress(withPrefix(CLIENT[1]), 'eth1');
  const node = await scene.node('node', { host, flags });
  const server = scene.agent(host.in);
  await server.echo({ ip: 0, port: SERVER_PORT });
  const agent = scene.agent(machine);
  const player = scene.agent(machine);
  const expectations = new Expectations();

  const reach = async (control: string, data: string, gameServer: Endpoint = scene.gameServer): Promise<ProbeReport> => {
    const report = await agent.probe({
      control: { host: control, port: CONTROL_PORT },
      data: { host: data, port: DATA_PORT },
      sha256: node.program.pin,
      ticket: scene.ticket(),
      gameServer,
      withinMs: PROBE_MS,
    });
    progress(`${control}, ${data}, ${formatEndpoint(gameServer.ip, gameServer.port)}: ${JSON.stringify(report)}`);
    return report;
  };
  for (const address of [...FIRST, ...SECOND]) {
    const { playedMs } = await reach(address, address);
    expectations.that(playedMs !== undefined, `the node does not answer from ${address}`);
  }
  for (const [control, data] of [FIRST, FIRST.toReversed()]) {
    const { playedMs } = await reach(control, data);
    expectations.that(playedMs !== undefined, `who registers at ${control} cannot play at ${data}`);
  }

  await player.play({
    players: 1,
    tunnel: { register: scene.registrationAt(FIRST[0], node), keepaliveMs: 250 },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  });
  await player.mark();
  const added: Record<string, number> = {};
  for (const address of ADDED) {
    await host.in.addAddress(withPrefix(address), 'eth1');
    const { registeredMs = Infinity, playedMs } = await reach(address, address);
    added[address] = Math.round(registeredMs);
    expectations.that(registeredMs < MAX_ADDED_MS, `${address} was reached ${Math.round(registeredMs)} ms after it was added`);
    expectations.that(playedMs !== undefined, `nobody plays at ${address}`);
  }
  for (const address of ADDED) await host.in.ip(`address del ${withPrefix(address)} dev eth1`);
  await setTimeout(NOTICED_MS);
  for (const address of SECOND) {
    expectations.that((await reach(address, address)).playedMs !== undefined, `${address} answers no more after another has gone`);
  }
  await ownAddresses(host.in, expectations, (server) => reach(FIRST[0], FIRST[0], server));

  const during = await player.finish();
  const { sent, lost } = totals(during);
  progress(`the player: ${lost} of ${sent} lost; ${during[0].events.join('; ')}`);
  expectations.that(sent > 0, 'the client does not play any more');
  expectations.equal('datagrams lost', lost, 0);
  expectations.equal('answers that were strange', strange(during), 0);
  expectations.that(!during[0].events.some((event) => event.includes('control')), 'the control connection of who plays was lost');
  const figures = Object.fromEntries(Object.entries(added).map(([address, ms]) => [`${address} reached after ms`, ms]));
  return { name: 'multi-homed', faults: expectations.faults, figures };
}

type Machine = Awaited<ReturnType<Scene['internet']['machine']>>['in'];

function withPrefix(address: string): string {
  return address.includes(':') ? `${address}/64` : `${address}/24`;
}

/** An address that the node's machine gets while it runs is no destination, whatever answers there, unless it is allowed. */
async function ownAddresses(
  machine: Machine,
  expectations: Expectations,
  reach: (server: Endpoint) => Promise<ProbeReport>,
): Promise<void> {
  for (const address of [OWN, ALLOWED]) await machine.ip(`address add ${address}/32 dev lo`);
  await setTimeout(NOTICED_MS);
  const own = await reach({ ip: parseIpv4(OWN) ?? 0, port: SERVER_PORT });
  const allowed = await reach({ ip: parseIpv4(ALLOWED) ?? 0, port: SERVER_PORT });
  expectations.that(allowed.playedMs !== undefined, `${ALLOWED}, which is allowed, was not reached`);
  expectations.that(own.playedMs === undefined, `${OWN}, the node's own since a second, was relayed to`);
}
