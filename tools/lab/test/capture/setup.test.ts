import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/leftovers.ts';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { PLAYER_UID, SERVERS, openCaptureStage, traces } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 90_000;

describe.skipIf(why !== undefined)(`setup${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it(
    'installs a helper that belongs to root with all that it runs, catches by it, and goes without a trace',
    { timeout: END_MS },
    async () => {
      await using started = new AsyncDisposableStack();
      const stage = await openCaptureStage(started);
      const { path } = started.use(await temporaryFolder());
      const places = await stage.placesIn(path);
      const before = await traces(stage);
      const filesBefore = filesBelow(path);
      const root = stage.installer();
      // Twice: the second one replaces the first.
      await root.install(places);
      const words = await root.install(places);
      for (const file of filesBelow(places.library)) {
        const { uid, mode } = statSync(join(places.library, file));
        expect([file, uid, mode & 0o022]).toEqual([file, 0, 0]);
      }
      // What would need a compiler is not among them.
      expect(filesBelow(join(places.library, 'capture')).filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
      await stage.helper({ words });
      await stage.offer({ datagrams: 10 });
      const run = stage.lightspeed(['run', '--json', '--', ...stage.game]);
      expect(await run.report()).toMatchObject({ received: 10 * SERVERS.length, strange: 0 });
      await run.exitCode();
      expect(Object.keys((await stage.matchmaker.seen()).udp)).toEqual([stage.node.address]);
      // A user is a gateway once there is an entry.
      const gateway = () => stage.lightspeed(['gateway', '--json', '--lan', 'eth0'], { uid: PLAYER_UID });
      expect(await gateway().exitCode()).toBe(1);
      await root.addGatewayEntry(places, PLAYER_UID, 'eth0');
      const catching = gateway();
      await catching.line(/"event":"catching"/, END_MS);
      await catching.endedBy('SIGTERM', END_MS);
      await root.remove(places);
      // Also groups that an earlier run has left are gone.
      expect(await traces(stage)).toEqual({ ...before, groups: '' });
      expect(filesBelow(path)).toEqual(filesBefore);
    },
  );
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}
