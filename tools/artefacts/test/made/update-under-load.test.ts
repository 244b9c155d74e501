import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Issuer, startPlayers, temporaryFolder, watch } from '@lightspeed/lab';
import { expect, it } from 'vitest';
import { Container } from '../support/container.ts';
import { NO_DEBIAN, makeDebian } from '../support/debian-root.ts';
import { brokenPackage, testPackage } from '../support/test-package.ts';

const PLAYERS = 100;
const DATAGRAMS_PER_SECOND = 10;
const SERVES_MS = 30_000;
const BACK_MS = 30_000;
/** On a machine that does nothing else it is under 2 s. Longer than this is no restart, but a new registration. */
const MAX_GAP_MS = 10_000;

const title = NO_DEBIAN === undefined ? '' : ` (${NO_DEBIAN})`;

it.skipIf(NO_DEBIAN !== undefined)(
  `100 players keep sessions and ports over an update, a downgrade, and an update that fails${title}`,
  async ({ skip, annotate }) => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const root = await makeDebian(folder.path);
    const packages = [await testPackage('deb', folder.path, '1.0.0'), await testPackage('deb', folder.path, '1.0.1')];
    packages.push(await brokenPackage(folder.path, '1.0.2'));
    for (const file of packages) copyFileSync(file, join(root, 'opt', basename(file)));
    const [first, second, broken] = packages.map((file) => `/opt/${basename(file)}`);
    const container = await Container.boot(root);
    if (container === undefined) return skip('systemd-nspawn cannot boot here');
    stack.use(container);

    await container.must('dpkg', '--install', first);
    const issuer = new Issuer();
    const config = `[server]\negress_ports = "20000-29999"\n[security]\nissuer_keys = ["${issuer.publicKey}"]\nallow_destinations = ["127.0.0.0/8"]\n`;
    writeFileSync(join(root, 'etc/lightspeed/node.toml'), config);
    await container.must('systemctl', 'start', 'lightspeed-proxy');
    const log = () => container.must('journalctl', '--unit', 'lightspeed-proxy', '--output=cat');
    expect(await watch(async () => (await log()).includes('"node serves"'), SERVES_MS)).toBe(true);
    const [, pin = ''] = /"pin":"([^"]+)"/.exec(await log()) ?? [];

    const players = stack.use(startPlayers(['nsenter', '-t', String(container.leader), '-n']));
    const plan = { host: '127.0.0.1', port: 4433, pin, ticket: issuer.ticket(), players: PLAYERS };
    await players.join({ ...plan, datagramsPerSecond: DATAGRAMS_PER_SECOND });
    const allPlay = () => watch(async () => (await players.mark()).playing === PLAYERS, BACK_MS);
    expect(await allPlay()).toBe(true);

    for (const [what, file, restarts] of [
      ['an update', second, 1],
      ['a downgrade', first, 1],
      ['an update that fails', broken, 0],
    ] as const) {
      const starts = await startsOf(log);
      await players.mark();
      const { code } = await container.run('dpkg', '--install', file);
      expect(code).toBe(0);
      const during = await players.mark();
      expect((await startsOf(log)) - starts, what).toBe(restarts);
      // For people: it depends on the machine.
      await annotate(
        `${what}: longest gap ${during.longestGapMs.toFixed(0)} ms, ${during.lost} of ${during.sent} datagrams without an answer`,
      );
      // No session is lost, and the game server sees no other port.
      expect(during).toMatchObject({ moved: 0, ended: 0, strange: 0 });
      expect(during.longestGapMs).toBeLessThan(MAX_GAP_MS);
      expect(await allPlay()).toBe(true);
      expect(await players.mark()).toMatchObject({ moved: 0, ended: 0 });
    }
  },
);

/** How often the node has said that it serves. */
async function startsOf(log: () => Promise<string>): Promise<number> {
  return (await log()).split('"node serves"').length - 1;
}
