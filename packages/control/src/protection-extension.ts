import { ControlError } from './control-error.ts';
import { codec } from './extension-codec.ts';
import { ExtensionId } from './extension-id.ts';

/** What an end says of protection from loss, see {@link protectionExtension}. All are bytes. */
export interface ProtectionOffer {
  /** Bits: 1 repeats, 2 XOR, 4 requests, 8 reports. */
  readonly forms: number;
  /** Milliseconds after which a payload is of no use any more, 10 to 100. */
  readonly deadlineMs: number;
  /** Redundancy in percent of the payloads' bytes. */
  readonly budgetPercent: number;
}

/** The version of the value that is known today. */
const VERSION = 1;

/**
 * Register: what the client understands of protection from loss, `version u8 = 1, forms u8, deadline ms u8, budget % u8`. RegisterAck:
 * what holds from now on, the forms of both. Absent means that there is none (docs/protocol.md, Blocks).
 */
export const protectionExtension = codec<ProtectionOffer>(
  ExtensionId.protection,
  ({ forms, deadlineMs, budgetPercent }) => {
    const fields = [VERSION, forms, deadlineMs, budgetPercent];
    const wrong = fields.find((field) => !Number.isInteger(field) || field < 0 || field > 0xff);
    if (wrong !== undefined) throw new ControlError('ERR_CONTROL_FIELD_RANGE', `a field of protection must be 0 to 255, got ${wrong}`);
    return Uint8Array.from(fields);
  },
  (value) => {
    if (value.length < 4 || value[0] !== VERSION) return undefined;
    return { forms: value[1], deadlineMs: value[2], budgetPercent: value[3] };
  },
);
