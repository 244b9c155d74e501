import { join } from 'node:path';
import { loadIdentity } from '@lightspeed/control/quic';
import { parseRevocationList } from '@lightspeed/security';
import { ConfigError } from '../config/config-error.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { messageOf } from '../base/node-error.ts';
import { keptRevocations } from '../control/revocations.ts';
import { AccountBans } from '../control/account-bans.ts';
import { textIfThere } from '../base/text-file.ts';
import { openFilesIn, openKey } from '../state/private-files.ts';
import { BANS_FILE } from '../state/state-folder.ts';
import { parseSnapshots } from '../state/snapshot-file.ts';

/**
 * Looks at the files that a configuration names, without changing any.
 * @returns what a start would warn of.
 * @throws {ConfigError} about the first one with which the node would not start.
 */
export async function checkFiles(config: NodeConfig): Promise<string[]> {
  const { revocationList, stateDir } = config;
  return [
    ...(await checkIdentity(config)),
    ...(revocationList === undefined ? [] : await checkList(revocationList, stateDir)),
    ...(stateDir === undefined ? [] : await checkState(stateDir)),
  ];
}

/** Of a certificate of its own the node makes what is missing. */
async function checkIdentity({ certificate, privateKey, stateDir }: NodeConfig): Promise<string[]> {
  const certificateFile = certificate ?? (stateDir && join(stateDir, 'control-certificate.pem'));
  const privateKeyFile = privateKey ?? (stateDir && join(stateDir, 'control-key.pem'));
  if (certificateFile === undefined || privateKeyFile === undefined) return [];
  try {
    if (certificate === undefined && (await textIfThere(certificateFile)) === undefined) return [];
    await loadIdentity({ certificateFile, privateKeyFile });
  } catch (cause) {
    throw new ConfigError(messageOf(cause), { cause });
  }
  const open = privateKey === undefined ? undefined : await openKey(privateKey);
  return open === undefined ? [] : [`others can read ${open.path}: its mode is ${open.mode}`];
}

/** A node that knows what the list said last starts without it. */
async function checkList(file: string, stateDir: string | undefined): Promise<string[]> {
  try {
    const text = await textIfThere(file);
    if (text === undefined) return [`${file}, the revocation list, is not there`];
    parseRevocationList(text);
    return [];
  } catch (cause) {
    const why = `${file}: ${messageOf(cause)}`;
    if (stateDir !== undefined && (await keptRevocations(stateDir, file)) !== undefined)
      return [`${why}; what it said last stays in force`];
    throw new ConfigError(why, { cause });
  }
}

async function checkState(folder: string): Promise<string[]> {
  try {
    await AccountBans.open(join(folder, BANS_FILE));
  } catch (cause) {
    throw new ConfigError(messageOf(cause), { cause });
  }
  const open = await openFilesIn(folder);
  const warnings = open.map(({ path, mode }) => `others can open ${path}: its mode is ${mode}`);
  try {
    const text = await textIfThere(join(folder, 'sessions.json'));
    if (text !== undefined) parseSnapshots(text);
  } catch (error) {
    warnings.push(`${folder}: the saved sessions cannot be read, and the node would start without them: ${messageOf(error)}`);
  }
  return warnings;
}
