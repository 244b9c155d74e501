import type { RelayOptions } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { Logger } from 'pino';
import type { RegisteredClients } from './registered-clients.ts';
import type { WorkerSession } from './snapshots.ts';

/** What a data plane is run with. */
export interface SupervisorOptions {
  readonly relay: RelayOptions;
  readonly engine: EngineKind;
  readonly log: Logger;
  /** The machine's addresses, see `Supervisor.setOwnAddresses`. */
  readonly hosts: readonly string[];
  /** Clients that the workers are to know, now and when they are started again. */
  readonly clients?: RegisteredClients | undefined;
  /** 32 secret bytes that challenges are made with; random ones by default. */
  readonly challengeKey?: Uint8Array | undefined;
  /** Sessions of theirs, of an earlier run, that go on. */
  readonly outlived?: readonly WorkerSession[] | undefined;
}
