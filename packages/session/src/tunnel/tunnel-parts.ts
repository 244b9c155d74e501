import type { FecMemory } from '@lightspeed/fec';
import { Clock } from '../clock.ts';
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
    sending: new SendState(options.dialect, options.token),
    receiving,
    returns,
    fecTotals,
    nextNonce: environment.nextNonce ?? (() => ownNonce++),
  };
}
