import { Capability } from '@lightspeed/control';
import type { OutgoingMessage, Probe } from '@lightspeed/control';
import type { OwnAddresses } from '../base/own-addresses.ts';
import { NodeProbes } from '../probes/node-probes.ts';
import type { ProbeConfig } from '../probes/node-probes.ts';
import type { ProbeCounters } from '../probes/probe-counters.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Client } from './client.ts';
import type { ClientRegistry } from './client-registry.ts';

/** Has round trips measured for those clients that are registered and have agreed on it (docs/protocol.md, Probes). */
export class ClientProbes {
  readonly #probes: NodeProbes;
  readonly #registry: Pick<ClientRegistry, 'accountOf'>;
  readonly #supervisor: Pick<Supervisor, 'dataAddress' | 'tell'>;
  readonly #fault: (error: unknown) => void;

  /** @param controlPort where the control plane listens, once it does. */
  constructor(
    config: ProbeConfig,
    registry: Pick<ClientRegistry, 'accountOf'>,
    supervisor: Pick<Supervisor, 'dataAddress' | 'tell'>,
    own: OwnAddresses,
    controlPort: () => number,
    fault: (error: unknown) => void,
  ) {
    this.#probes = new NodeProbes(config, () => [supervisor.dataAddress.port, controlPort()], own);
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#fault = fault;
  }

  get counters(): ProbeCounters {
    return this.#probes.counters;
  }

  /** The operator has another configuration. */
  reload(config: ProbeConfig): void {
    this.#probes.reload(config);
  }

  /**
   * A client asks. Others get no answer, and are counted.
   * @param send the result, as soon as there is one; a client that is gone by then gets none.
   */
  answer(client: Client | undefined, request: Probe, send: (result: OutgoingMessage) => void): void {
    if (client === undefined || (client.capabilities & Capability.probes) === 0) {
      this.#probes.ignore();
      return;
    }
    const { sessionId } = client;
    const asker = {
      account: this.#registry.accountOf(client),
      countDestination: () => this.#supervisor.tell({ type: 'asked', sessionId }),
    };
    this.#probes.answer(request, asker).then((result) => client.link !== undefined && send(result), this.#fault);
  }
}
