import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { eventually } from '../support/eventually.ts';
import { oneInterface, twoInterfaces } from './support/lan.ts';
import { SERVERS, openCaptureStage, traces } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 90_000;
const DATAGRAMS = 40;
const ALL = DATAGRAMS * SERVERS.length;
const WHOLE = { sent: ALL, received: ALL, strange: 0 };

describe.skipIf(why !== undefined)(`gateway, in network namespaces${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it.each([
    ['two interfaces', twoInterfaces],
    ['one interface', oneInterface],
  ])('with %s carries the games of a device, and gives back what it has changed', { timeout: END_MS }, async (_how, layOut) => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const { device, lan } = await layOut(stage);
    await stage.home.in.run('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward']);
    await stage.helper();
    await stage.installRouting();
    const before = await traces(stage);
    await stage.offer({ datagrams: DATAGRAMS });
    const gateway = stage.lightspeed(['gateway', '--json', '--lan', lan], { uid: 0 });
    await gateway.line(/"event":"catching"/, END_MS);
    expect(await stage.plain(device).report()).toMatchObject(WHOLE);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.node.address]: ALL });
    await gateway.endedBy('SIGTERM', END_MS);
    await eventually(async () => expect(await traces(stage)).toEqual(before));
  });

  it('leaves alone what flows at its start, devices that are not meant, and what goes directly', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const { device, lan } = await twoInterfaces(stage);
    await stage.home.in.forward();
    await stage.helper();
    await stage.offer({ datagrams: 8 * DATAGRAMS });
    const running = stage.plain(device);
    await eventually(async () => expect(Object.keys((await stage.matchmaker.seen()).udp)).toHaveLength(1));
    const gateway = stage.lightspeed(['gateway', '--json', '--lan', lan, '--device', '192.168.50.2'], { uid: 0 });
    await gateway.line(/"event":"catching"/, END_MS);
    expect(await running.report()).toMatchObject({ sent: 8 * ALL, received: 8 * ALL, strange: 0 });
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: 8 * ALL });
    await gateway.endedBy('SIGTERM', END_MS);

    await stage.offer({ datagrams: DATAGRAMS });
    const other = stage.lightspeed(['gateway', '--json', '--lan', lan, '--device', '192.168.50.77'], { uid: 0 });
    await other.line(/"event":"catching"/, END_MS);
    expect(await stage.plain(device).report()).toMatchObject(WHOLE);
    await other.endedBy('SIGTERM', END_MS);
    const direct = stage.lightspeed(['gateway', '--json', '--lan', lan, '--always', 'direct'], { uid: 0 });
    await direct.line(/"event":"catching"/, END_MS);
    expect(await stage.plain(device).report()).toMatchObject(WHOLE);
    expect((await stage.matchmaker.seen()).udp).toEqual({ [stage.home.address]: 2 * ALL });
  });

  it('catches nothing where a rule of this machine stands in the way, and names it', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const { device, lan } = await twoInterfaces(stage);
    await stage.home.in.forward();
    await stage.home.in.run(
      'nft',
      ['-f', '-'],
      'table ip wall { chain input { type filter hook input priority filter; policy drop; iifname "lo" accept; ct state established,related accept; }; }',
    );
    await stage.helper();
    await stage.offer({ datagrams: DATAGRAMS });
    const gateway = stage.lightspeed(['gateway', '--lan', lan], { uid: 0 });
    expect(await gateway.exitCode()).toBe(1);
    expect(gateway.lines.join('\n')).toContain('table ip wall');
    expect(await stage.plain(device).report()).toMatchObject(WHOLE);
  });
});
