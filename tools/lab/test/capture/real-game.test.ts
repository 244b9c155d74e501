import { describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import type { TeeworldsServer } from '../teeworlds/server.ts';
import { twoInterfaces } from './support/lan.ts';
import { openRealGame, whyNoRealGame } from './support/real-game.ts';
import { openCaptureStage } from './support/stage.ts';
import type { CaptureStage, Program } from './support/stage.ts';

const why = (await whyNoNamespaces()) ?? whyNoRealGame();
const END_MS = 150_000;
const STAY_MS = 60_000;
/** A server sends 25 datagrams a second, and gives up on a player who is silent for 10 s. */
const STAYED = 300;

/** A part of the statistics. */
interface Stats {
  readonly downPackets: number;
  /** By FEC. What the node has recovered is not known before it says so. */
  readonly recovered: { readonly up: number | null; readonly down: number };
}

/** What it has done until now, as `lightspeed --json` says. */
function statsOf(program: Program): Stats {
  return JSON.parse(program.lines.findLast((line) => line.startsWith('{"event":"stats"')) ?? '{}');
}

/** Waits until the server has sent a player very much: the player must stay. */
async function expectToStay(program: Program, server: TeeworldsServer): Promise<void> {
  const departures = server.departures();
  const before = statsOf(program).downPackets ?? 0;
  await vi.waitFor(() => expect(statsOf(program).downPackets).toBeGreaterThan(before + STAYED), { timeout: STAY_MS, interval: 100 });
  expect(server.departures()).toEqual(departures);
}

/** Loses one in twenty of all packets between a player's home and the node, each way, at the router between them. */
function loseOnTheWay({ internet, home, node }: CaptureStage): Promise<string> {
  const lose = (from: string, to: string) => `ip saddr ${from} ip daddr ${to} numgen random mod 100 < 5 counter drop;`;
  const rules = `${lose(home.address, node.address)} ${lose(node.address, home.address)}`;
  return internet.router.run('nft', ['-f', '-'], `table ip bad { chain forward { type filter hook forward priority filter; ${rules} }; }`);
}

describe.skipIf(why !== undefined)(`a real game${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('that asks masters for its server goes by the node with run, from the first question on', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    const { words, around, join, server } = await openRealGame(started, stage);
    const run = stage.lightspeed(['run', '--json', '--', ...words], { around });
    expect(await join(run)).toContain(`addr=${stage.node.address}:`);
    expect(Object.keys((await stage.matchmaker.seen()).udp)).toEqual([stage.node.address]);
    await expectToStay(run, server);
    await run.endedBy('SIGTERM', END_MS);
    expect(JSON.parse(await run.line(/"event":"captured"/, END_MS))).toMatchObject({ direct: 0, peers: 0, answersRefused: 0 });
  });

  it(
    "of a LAN's device goes by the node with gateway, and 5 in 100 packets that are lost do not throw it out",
    { timeout: END_MS },
    async () => {
      await using started = new AsyncDisposableStack();
      const stage = await openCaptureStage(started);
      const { device, lan } = await twoInterfaces(stage);
      await stage.helper();
      const { words, around, join, server } = await openRealGame(started, stage);
      const gateway = stage.lightspeed(['gateway', '--json', '--fec', '4', '--lan', lan], { uid: 0 });
      await gateway.line(/"event":"catching"/, END_MS);
      expect(await join(stage.program(words, { machine: device, around }))).toContain(`addr=${stage.node.address}:`);
      // Only now: the game asks each server of its list once, and never shows one whose answer is lost.
      await loseOnTheWay(stage);
      expect(Object.keys((await stage.matchmaker.seen()).udp)).toEqual([stage.node.address]);
      await expectToStay(gateway, server);
      const { up, down } = statsOf(gateway).recovered;
      expect(down).toBeGreaterThan(0);
      expect(up).toBeGreaterThan(0);
    },
  );
});
