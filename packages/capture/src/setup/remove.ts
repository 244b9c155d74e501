import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ControlGroups } from '../helper/control-groups.ts';
import { runTool } from '../helper/nft.ts';
import { NUMBER_FILE } from '../helper/server.ts';
import { removeRouting } from '../helper/routing.ts';
import { SERVICE_UNIT, SOCKET_UNIT } from './places.ts';
import type { Places } from './places.ts';
import { endHelper } from './running-helper.ts';

/**
 * Takes the whole installation away: the helper, units, files, routing, control groups. What is caught goes directly at once.
 * @returns what is left because programs are in use of it
 * @throws {Error} with what the system says.
 */
export async function remove(places: Places): Promise<readonly string[]> {
  if (places.hasSystemd) {
    for (const unit of [SOCKET_UNIT, SERVICE_UNIT]) {
      if (!existsSync(join(places.units, unit))) continue;
      await runTool('systemctl', ['disable', '--now', unit]);
      rmSync(join(places.units, unit));
    }
    await runTool('systemctl', ['daemon-reload']);
  } else await endHelper(places);
  rmSync(places.socket, { force: true });
  rmSync(join(dirname(places.socket), NUMBER_FILE), { force: true });
  rmSync(places.library, { recursive: true, force: true });
  rmSync(places.gatewayFile, { force: true });
  for (const folder of [dirname(places.gatewayFile), dirname(places.socket)]) removeIfEmpty(folder);
  await removeRouting();
  const groups = ControlGroups.find(places.slice)?.removeAll() ?? 0;
  return groups === 0 ? [] : [`${groups} control groups of games that still run: they go when the system starts again`];
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
