import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { OTHER_UID, PLAYER_UID, SERVERS, openCaptureStage, traces } from './support/stage.ts';
import { eventually } from '../support/eventually.ts';
import type { CaptureStage, Program } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 90_000;
const DATAGRAMS = 40;
const ALL = DATAGRAMS * SERVERS.length;
const WHOLE = { sent: ALL, received: ALL, strange: 0 };

/** A game server over IPv6 that echoes: `ADDRESS PORT`. */
const IPV6_ECHO = `const socket = require('node:dgram').createSocket('udp6');
socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
socket.bind(Number(process.argv[2]), process.argv[1], () => console.log('ready'));`;

/** Defines a scene with its helper at work. */
function scene(what: string, carryOut: (stage: CaptureStage, helper: Program) => Promise<void>): void {
  it(what, { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await carryOut(stage, await stage.helper());
  });
}

/** An event that `lightspeed --json` has printed. */
async function event(program: Program, name: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await program.line(new RegExp(`^\\{"event":"${name}"`), END_MS)) as Record<string, unknown>;
}

/** What was told of the servers that the game began to play with. */
function toldServers({ lines }: Program): object[] {
  return lines.filter((line) => line.startsWith('{"event":"server"')).map((line) => JSON.parse(line) as object);
}

const named = (game: string | null, way: string) =>
  SERVERS.map(({ ip, port }) => ({ event: 'server', server: `${ip}:${port}`, game, way }));

describe.skipIf(why !== undefined)(`run, in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  scene(
    'carries a game whose servers a matchmaker names, its children too, by settings alone, and leaves TCP and other programs alone',
    async (stage) => {
      await stage.offer({ datagrams: DATAGRAMS, inChild: true });
      const other = stage.plain();
      const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
      expect(await run.report()).toMatchObject({ ...WHOLE, uid: PLAYER_UID });
      expect(await other.report()).toMatchObject(WHOLE);
      // Several games use the servers' ports.
      expect(toldServers(run)).toEqual(named(null, 'node'));
      expect(await stage.matchmaker.seen()).toEqual({
        udp: { [stage.node.address]: ALL, [stage.home.address]: ALL },
        tcp: [stage.home.address],
      });
    },
  );

  scene('leaves what the game sends over IPv6 alone', async (stage) => {
    const server = { ip: '2001:db8::7', port: 27_015 };
    await stage.home.in.run('ip', ['-6', 'address', 'add', `${server.ip}/128`, 'dev', 'lo', 'nodad']);
    const echo = stage.program([process.execPath, '-e', IPV6_ECHO, server.ip, String(server.port)]);
    await echo.line(/^ready/, END_MS);
    await stage.offer({ datagrams: DATAGRAMS, ipv6: server });
    const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    expect(await run.report()).toMatchObject({ ...WHOLE, ipv6: 10 });
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: ALL });
  });

  scene(
    'leaves direct flows to the kernel after their first datagrams; the game keeps its port, and is named by its program',
    async (stage) => {
      await stage.offer({ datagrams: DATAGRAMS, inTurns: true });
      const game = ['/bin/sh', '-c', 'exec "$@"', '/opt/cs2', ...stage.game];
      const run = stage.lightspeed(['run', '--json', '--always', 'direct', '--', ...game]);
      expect(await run.report()).toMatchObject(WHOLE);
      expect(toldServers(run)).toEqual(named('CS2', 'direct'));
      const counts = await event(run, 'captured');
      expect(counts).toMatchObject({ answersRefused: 0 });
      expect(counts['caught']).toBeLessThanOrEqual(3 * SERVERS.length);
      expect(Number(counts['caught']) + Number(counts['direct'])).toBe(ALL);
      expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: ALL });
    },
  );

  scene('serves two users with the same servers at once', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS });
    const runs = [PLAYER_UID, OTHER_UID].map((uid) => stage.lightspeed(['run', '--json', '--', ...stage.game], { uid }));
    expect(await Promise.all(runs.map((run) => run.report()))).toMatchObject([
      { ...WHOLE, uid: PLAYER_UID },
      { ...WHOLE, uid: OTHER_UID },
    ]);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: 2 * ALL });
  });

  scene('leaves a socket alone that asks very many servers, and carries the game beside it', async (stage) => {
    const browsed = 2_000;
    await stage.matchmaker.serve(Array.from({ length: browsed }, (_, index) => ({ ip: SERVERS[0].ip, port: 30_000 + index })));
    await stage.offer({ datagrams: 2 * DATAGRAMS, browsed });
    const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    expect(await run.report()).toMatchObject({ sent: 2 * ALL, received: 2 * ALL, strange: 0, browsed });
    const { [stage.node.address]: byNode, [stage.home.address]: directly } = (await stage.matchmaker.seen()).udp;
    // The node takes few new servers at once: the browser has at most its share of them.
    expect(byNode).toBeGreaterThanOrEqual(2 * ALL);
    expect(byNode).toBeLessThanOrEqual(2 * ALL + 7);
    expect(byNode + directly).toBe(2 * ALL + browsed);
  });

  it.each(['lightspeed', 'the helper'])('fails open when %s is killed', { timeout: END_MS }, async (victim) => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const helper = await stage.helper();
    const perSecond = 100;
    await stage.offer({ datagrams: 4 * perSecond, perSecond });
    const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    await event(run, 'stats');
    process.kill(victim === 'lightspeed' ? run.pid : helper.pid, 'SIGKILL');
    const killedAt = await stage.playedRounds();
    const { strange, lastLost } = await run.report();
    expect(strange).toBe(0);
    // The rest of the match is whole. On a busy machine the kill may come late.
    expect(lastLost).toBeLessThan(Math.max(2 * perSecond, killedAt + perSecond));
    const { udp } = await stage.matchmaker.seen();
    expect(Object.keys(udp).sort()).toEqual([stage.home.address, stage.node.address].sort());
    await eventually(async () => expect((await traces(stage)).rules).not.toMatch(/lightspeed_\d/));
  });

  scene('leaves nothing behind but what belongs to the installation', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS });
    const first = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    await first.report();
    await first.exitCode();
    // The routing belongs to the installation: it stays.
    const before = await traces(stage);
    expect(before.rules).not.toMatch(/lightspeed_\d/);
    for (const isKilled of [false, true]) {
      const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
      await run.report();
      if (isKilled) await run.kill();
      await run.exitCode();
      await eventually(async () => expect(await traces(stage)).toEqual(before));
    }
  });

  scene('starts the game all the same when the node does not answer, or something else is wrong', async (stage) => {
    await stage.offer({ datagrams: DATAGRAMS });
    await stage.node.program.kill();
    const run = stage.lightspeed(['run', '--', ...stage.game]);
    expect(await run.report()).toMatchObject(WHOLE);
    expect(run.lines.some((line) => line.includes('the game goes on without LightSpeed'))).toBe(true);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: ALL });
  });

  scene('gives back what only the start needed, as the helper does', async (stage, helper) => {
    const mappedKb = ({ pid }: { readonly pid: number }) =>
      Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const run = stage.lightspeed(['run', '--json', '--', 'sleep', '60']);
    await event(run, 'catching');
    for (const program of [run, helper]) await eventually(() => expect(mappedKb(program)).toBeLessThan((2 / 3) * mappedKb(process)));
  });

  scene("gives the game's exit code", async (stage) => {
    const run = stage.lightspeed(['run', '--', '/bin/sh', '-c', 'exit 7']);
    expect(await run.exitCode()).toBe(7);
  });
});
