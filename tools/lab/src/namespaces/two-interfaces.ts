import { formatIpv4 } from '@lightspeed/wire';
import { Expectations } from '../soak/outcome.ts';
import type { Outcome, Progress } from '../soak/outcome.ts';
import { judgeChange, watchChange } from './changes.ts';
import { Scene } from './scene.ts';

const DATAGRAMS_PER_SECOND = 100;
/** Two or three may have left by the interface while it went. */
const MOST_LOST = 3;
/** Half of what losing a node would cost: a busy machine delays, too. */
const MOST_GAP_MS = 500;

/** A client with two interfaces and a path by each loses the one by which its control connection goes, too. */
export async function runTwoInterfaces(progress: Progress): Promise<Outcome> {
  await using scene = await Scene.open();
  const node = await scene.node('node');
  const machine = await scene.network.namespace();
  const first = await scene.internet.attach(machine, 'eth0');
  const second = await scene.internet.attach(machine, 'eth1');
  const agent = scene.agent(machine);
  await agent.play({
    players: 1,
    tunnel: {
      register: scene.registration(node),
      source: formatIpv4(first.ip),
      paths: [formatIpv4(second.ip)],
      multipath: 'duplicate',
      keepaliveMs: 250,
    },
    gameServer: scene.gameServer,
    datagramsPerSecond: DATAGRAMS_PER_SECOND,
  });
  const watched = await watchChange(agent, () => machine.ip('link set eth0 down'));
  const [{ events, game }] = watched[0];
  progress(`${events.join('; ')}; ${missing(game.missing)}`);

  const expectations = new Expectations();
  expectations.that(
    events.some((event) => event.endsWith('path 0 down')),
    'the client did not notice that a path is gone',
  );
  const figures = judgeChange(expectations, watched, { maxLost: MOST_LOST, maxGapMs: MOST_GAP_MS });
  expectations.equal('addresses that the game server saw', (await scene.sources()).length, 1);
  return { name: 'two-interfaces', faults: expectations.faults, figures };
}

/** Which were lost, by when they were sent. */
function missing(numbers: readonly number[]): string {
  return `lost at ${numbers.map((number) => `${(number / DATAGRAMS_PER_SECOND).toFixed(2)} s`).join(', ')}`;
}
