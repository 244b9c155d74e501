import { randomBytes } from 'node:crypto';
import { AddressBook } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import type { AdminCommands } from '../state/admin-socket.ts';
import { StateFolder } from '../state/state-folder.ts';
import type { WorkerSession } from '../supervisor/snapshots.ts';
import { AccountBans } from './account-bans.ts';
import { Identity } from './identity.ts';
import { ClientRegistry } from './client-registry.ts';
import { TicketGate } from './ticket-gate.ts';

/** What the control plane has before anything listens. */
export interface ControlState {
  readonly identity: Identity;
  /** What the handles of clients' addresses mean in this thread. */
  readonly addresses: AddressBook;
  readonly gate: TicketGate | undefined;
  readonly bans: AccountBans;
  readonly registry: ClientRegistry;
  /** Undefined if nothing is kept. */
  readonly folder: StateFolder | undefined;
  /** Sessions of an earlier run for the workers to start with; undefined once they have. */
  outlived: readonly WorkerSession[] | undefined;
}

/**
 * Reads identity, revocations and what an earlier run has left.
 * @param commands what the node can be asked by way of the state folder.
 * @throws {NodeError}
 */
export async function openControlState(config: NodeConfig, log: Logger, commands: AdminCommands): Promise<ControlState> {
  const folder = config.stateDir === undefined ? undefined : await StateFolder.open(config.stateDir, log, commands);
  try {
    const identity = await Identity.load(config, log);
    const gate = config.registration === 'tickets' ? await TicketGate.open(config, log) : undefined;
    const addresses = new AddressBook({ hashSeed: randomBytes(4).readInt32BE() });
    const bans = await AccountBans.open(folder?.bansFile);
    const registry = new ClientRegistry(config, addresses, gate, bans);
    const outlived = await restore(registry, folder, log);
    return { identity, addresses, gate, bans, registry, folder, outlived };
  } catch (error) {
    await folder?.close();
    throw error;
  }
}

async function restore(registry: ClientRegistry, folder: StateFolder | undefined, log: Logger): Promise<WorkerSession[]> {
  const saved = (await folder?.load()) ?? [];
  const restored = registry.restore(saved, performance.now());
  const sessions: WorkerSession[] = [];
  for (const { sessionId, session, worker } of saved) {
    if (session !== undefined && registry.get(sessionId) !== undefined) sessions.push({ worker, session });
  }
  if (saved.length > 0) {
    log.info({ registrations: restored.length, of: saved.length, sessions: sessions.length }, 'goes on with the clients of an earlier run');
  }
  return sessions;
}
