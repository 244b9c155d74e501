import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { startBox, whyNoBox } from './support/arm64-box.ts';
import { twoInterfaces } from './support/lan.ts';
import { SERVERS, openCaptureStage } from './support/stage.ts';

const why = (await whyNoNamespaces()) ?? whyNoBox();
const END_MS = 600_000;
const DATAGRAMS = 40;
const ALL = DATAGRAMS * SERVERS.length;

describe.skipIf(why !== undefined)(`arm64${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('carries the games of a device by a gateway on an emulated machine, from packed packages', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const lan = await twoInterfaces(stage);
    await stage.offer({ datagrams: DATAGRAMS });
    const box = await startBox(started, stage, lan);
    await box.line(/^aarch64/, END_MS);
    expect(JSON.parse(await box.line(/"event":"started"/, END_MS))).toMatchObject({ io: 'batch' });
    await box.line(/"event":"catching"/, END_MS);
    expect(await stage.plain(lan.device).report()).toMatchObject({ sent: ALL, received: ALL, strange: 0 });
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: ALL });
  });
});
