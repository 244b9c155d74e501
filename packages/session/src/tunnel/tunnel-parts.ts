import type { FecMemory } from '@lightspeed/fec';
import type { Dialect, SequenceNumber, SessionToken } from '@lightspeed/wire';
import { Clock } from '../base/clock.ts';
import { BlockReturns } from '../protection/block-returns.ts';
import { FecTotals } from '../protection/fec-totals.ts';
import { SendState } from '../protection/send-flow.ts';
import { ReceiveState } from '../receive-state.ts';
import { TunnelLinks } from './tunnel-links.ts';
import type { TunnelEnvironment, TunnelOptions } from './tunnel-options.ts';
import { TunnelState } from './tunnel-state.ts';

/** What a tunnel is made of besides the steps of its packet path: each step takes of it what it needs. */
export interface TunnelParts extends Omit<TunnelEnvironment, 'nextNonce'> {
  readonly options: TunnelOptions;
  readonly bytes: FecMemory['bytes'];
  readonly clock: Clock;
  readonly state: TunnelState;
  readonly links: TunnelLinks;
  readonly sending: SendState;
  readonly receiving: ReceiveState;
  readonly returns: BlockReturns;
  readonly fecTotals: FecTotals;
  /** Takes the nonce of the next proof. */
  readonly nextNonce: () => bigint;
}

/** What a tunnel sends: its control packets have numbers of their own where the ends have agreed on protection. */
class TunnelSendState extends SendState {
  readonly #receiving: ReceiveState;
  /** The last number of a control packet; -1 before there was one. */
  #controlSequence = -1;

  constructor(dialect: Dialect, token: SessionToken, receiving: ReceiveState) {
    super(dialect, token);
    this.#receiving = receiving;
  }

  override takeControlSequence(): SequenceNumber {
    if (this.#receiving.agreed === null) return this.takeSequence();
    // They go on where those of all packets were, so that no answer is taken for that of another packet. After the first one, 0 would
    // tell the node that the client has started over.
    if (this.#controlSequence < 0) this.#controlSequence = this.sequence;
    else this.#controlSequence = this.#controlSequence === 0xffff ? 1 : this.#controlSequence + 1;
    return this.#controlSequence;
  }
}

/** Makes what the classes of a tunnel share. */
export function makeTunnelParts(options: TunnelOptions, environment: TunnelEnvironment): TunnelParts {
  const { memory, counters } = environment;
  const returns = new BlockReturns(memory);
  const fecTotals = new FecTotals();
  const receiving = new ReceiveState({ memory, returns, fecTotals });
  receiving.window.startsOverOnDuplicates = options.registration === undefined && options.paths === 1;
  let ownNonce = 0n;
  return {
    ...environment,
    options,
    bytes: memory.bytes,
    clock: new Clock(),
    state: new TunnelState(counters),
    links: new TunnelLinks(options.paths),
    sending: new TunnelSendState(options.dialect, options.token, receiving),
    receiving,
    returns,
    fecTotals,
    nextNonce: environment.nextNonce ?? (() => ownNonce++),
  };
}
