import { DropReason } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import { AgreedProtection } from '../protection/agreed/agreed-protection.ts';
import type { ProtectionHost } from '../protection/agreed/agreed-supply.ts';
import { packTerms } from '../protection/agreed/protection-terms.ts';
import type { ProtectionTerms } from '../protection/agreed/protection-terms.ts';
import type { LoopEvent } from '../protection/loop/protection-loop.ts';
import type { SendFlow } from '../protection/send-flow.ts';
import { TunnelCounter } from './tunnel-counters.ts';
import type { TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link TunnelProtection} takes of a tunnel. */
export interface TunnelProtectionParts extends Pick<
  TunnelParts,
  'clock' | 'counters' | 'options' | 'output' | 'random' | 'receiving' | 'sending'
> {
  readonly flows: TunnelFlowTable;
  readonly writer: PacketWriter;
}

/** A tunnel is one session. */
const ONLY_SLOT = 0;

/** Protects a tunnel's session from loss as it has agreed with the node (docs/protocol.md, Blocks), or by groups. */
export class TunnelProtection implements ProtectionHost {
  readonly #parts: TunnelProtectionParts;

  constructor(parts: TunnelProtectionParts) {
    this.#parts = parts;
  }

  /** What is agreed on holds from now on, for all flows; undefined for nothing: then groups protect them. */
  settle(terms: ProtectionTerms | undefined): void {
    const { flows, options, random, receiving, sending, writer } = this.#parts;
    const settings = options.protection;
    const isMeant = terms !== undefined && settings !== undefined && options.dialect === 'standard';
    if (packTerms(isMeant ? terms : undefined) === packTerms(receiving.agreed?.terms)) return;
    if (isMeant) {
      const supply = { sender: writer.repeats, receiving: receiving.supply, host: this, firstEpoch: random() & 0xff };
      receiving.agree(new AgreedProtection(sending, ONLY_SLOT, receiving.window, terms, settings, supply));
    } else receiving.agree(null);
    flows.forEach((flow) => {
      writer.forget(flow);
      this.protect(flow);
    });
  }

  /** Protects a flow that has none. */
  protect(flow: SendFlow): void {
    const { clock, options, receiving, writer } = this.#parts;
    const { agreed } = receiving;
    if (agreed === null) writer.setGroupSize(flow, options.fecGroupSize, clock.nowUs);
    else writer.protect(flow, agreed);
  }

  admitRedundancy(): boolean {
    return true;
  }

  admitRepeat(): boolean {
    return true;
  }

  stepChanged(_slot: number, { step, reason }: LoopEvent): void {
    const { counters, output } = this.#parts;
    counters.values[TunnelCounter.protectionSteps]++;
    output.protectionChanged?.(step.name, reason);
  }

  badReport(): void {
    this.#parts.counters.nodeDrops[DropReason.badReport]++;
  }
}
