import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../../src/namespaces/internet.ts';
import { PLAYER_UID, SERVERS, openCaptureStage } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 90_000;

describe.skipIf(why !== undefined)(`run, in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('carries a game whose servers a matchmaker names, and nothing else', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    await stage.offer({});
    const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
    const report = await run.report();
    console.log(run.lines.join('\n'));
    expect(report).toMatchObject({ sent: 40 * SERVERS.length, received: 40 * SERVERS.length, strange: 0, uid: PLAYER_UID });
    expect(await stage.matchmaker.seen()).toEqual({ udp: { [stage.node.address]: 40 * SERVERS.length }, tcp: [stage.home.address] });
  });
});
