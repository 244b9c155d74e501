import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { eventually } from '../support/eventually.ts';
import { OTHER_UID, PLAYER_UID, openCaptureStage } from './support/stage.ts';
import type { CaptureStage } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 60_000;
const RUN = { kind: 'run' } as const;

/** Defines a scene in which a client has kept a socket with a server's address beyond its capture. */
function scene(what: string, carryOut: (stage: CaptureStage, former: Awaited<ReturnType<CaptureStage['asker']>>) => Promise<void>): void {
  it(what, { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    await stage.helper();
    const former = await stage.asker(PLAYER_UID);
    const source = await former.catchAndKeep(RUN);
    // As long as the capture is there, it may answer what was caught.
    expect(await former.speak(source)).toBe('sent');
    await former.close();
    await stage.capturesEnd();
    await carryOut(stage, former);
  });
}

describe.skipIf(why !== undefined)(`a socket that a client has kept${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  scene('speaks to nobody when there is no capture', async (stage, former) => {
    expect(await former.speak({ ip: stage.home.address, port: 4_000 })).toBe('EPERM');
    expect(await former.speak({ ip: stage.home.gateway, port: 4_000 })).toBe('EACCES');
  });

  scene('does not speak in a later capture', async (stage, former) => {
    const later = await stage.asker(OTHER_UID);
    const source = await later.catchAndKeep(RUN);
    expect(await later.speak(source)).toBe('sent');
    expect(await former.speak(source)).toBe('EPERM');
  });

  scene('speaks to nobody in a later capture when a firewall has removed all rules between', async (stage, former) => {
    await stage.home.in.run('nft', ['flush', 'ruleset']);
    const later = await stage.asker(OTHER_UID);
    const source = await later.catchAndKeep(RUN);
    await later.close();
    await stage.capturesEnd();
    expect([await former.speak(source), await later.speak(source)]).toEqual(['EPERM', 'EPERM']);
  });

  it('speaks to no device of a LAN when its gateway has ended, or was killed', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const helper = await stage.helper();
    const device = { ip: stage.home.gateway, port: 4_000 };
    const asGateway = async () => {
      const gateway = await stage.asker(0);
      await gateway.catchAndKeep({ kind: 'gateway', lan: 'eth0', devices: [] });
      return gateway;
    };
    const first = await asGateway();
    await first.close();
    await stage.capturesEnd();
    expect(await first.speak(device)).not.toBe('sent');
    // Once the gateway's rule is gone, too, there is no route.
    await eventually(async () => expect(await first.speak(device)).toBe('EACCES'));
    const second = await asGateway();
    expect(await first.speak(device)).toBe('EACCES');
    process.kill(helper.pid, 'SIGKILL');
    await stage.capturesEnd();
    expect(await second.speak(device)).not.toBe('sent');
    // The shell that gives back settings takes the rule away.
    await eventually(async () => expect(await second.speak(device)).toBe('EACCES'));
  });
});
