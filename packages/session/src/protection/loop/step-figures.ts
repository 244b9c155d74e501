import { FEC_EXTENSION_BYTES_STANDARD, HEADER_BYTES, OUTER_BYTES, BLOCK_HEAD_BYTES } from '@lightspeed/wire';
import { MAX_CARRIER_BYTES } from '../repeats/repeat-plan.ts';
import type { Milliseconds } from '@lightspeed/wire';
import type { LossEstimate } from './loss-estimate.ts';
import type { ProtectionStep } from './protection-step.ts';
import type { SendingRate } from './sending-rate.ts';

/** What a round trip may take longer than its average, in mean deviations (RFC 6298 waits for as many). */
const JITTER_DEVIATIONS = 4;

/** Round trips of a session. */
export interface RoundTrip {
  readonly rttMs: Milliseconds;
  readonly jitterMs: Milliseconds;
}

/**
 * Which part of the packets stays missing under a step.
 * @param loss on the way, 0 to 1.
 */
export function residualLoss(step: ProtectionStep, loss: number, estimate: LossEstimate, rate: SendingRate): number {
  const { intervalMs } = rate;
  const packetMs = Math.max(1, rate.packetMs);
  const behind = (ms: number) => estimate.lossBehind(ms / packetMs, loss);
  if (step.keptMs > 0) return loss * Math.min(1, behind(intervalMs) + 2 * loss);
  if (step.xorPackets > 0) return loss * (1 - (1 - behind(intervalMs)) * (1 - loss) ** (step.xorPackets - 1));
  let residual = loss;
  let agedMs = 0;
  for (const { ageMs, slackMs } of step.repeats) {
    const leavesMs = ridesAtMs(ageMs, slackMs, intervalMs) || ageMs;
    residual *= behind(leavesMs - agedMs);
    agedMs = leavesMs;
  }
  return residual;
}

/** How many bytes a step adds to those that would be sent without, as a part of them. */
export function costOf(step: ProtectionStep, loss: number, rate: SendingRate): number {
  const { ownBytes, payloadBytes, intervalMs } = rate;
  if (ownBytes === 0) return 0;
  const block = BLOCK_HEAD_BYTES + payloadBytes;
  const alone = OUTER_BYTES + HEADER_BYTES + FEC_EXTENSION_BYTES_STANDARD + block;
  if (step.keptMs > 0) return (loss * alone) / ownBytes;
  // The lengths of all packets go with a XOR, and so does its mask.
  if (step.xorPackets > 0) return (FEC_EXTENSION_BYTES_STANDARD + block + 4) / step.xorPackets / ownBytes;
  const canRide = HEADER_BYTES + FEC_EXTENSION_BYTES_STANDARD + payloadBytes + block <= MAX_CARRIER_BYTES;
  let bytes = 0;
  for (const { ageMs, slackMs } of step.repeats) {
    bytes += canRide && ridesAtMs(ageMs, slackMs, intervalMs) > 0 ? FEC_EXTENSION_BYTES_STANDARD + block : alone;
  }
  return bytes / ownBytes;
}

/** Whether what is asked for can come before the deadline: a gap shows one interval later, and the way there and back follows. */
export function canRequest(deadlineMs: Milliseconds, { rttMs, jitterMs }: RoundTrip, intervalMs: Milliseconds): boolean {
  return rttMs > 0 && intervalMs > 0 && intervalMs + rttMs + JITTER_DEVIATIONS * jitterMs <= deadlineMs;
}

/** At which age a repeat finds a packet to ride on; 0 if none leaves in time. */
function ridesAtMs(ageMs: Milliseconds, slackMs: Milliseconds, intervalMs: Milliseconds): Milliseconds {
  if (intervalMs === 0) return 0;
  const nextMs = Math.max(1, Math.ceil(ageMs / intervalMs)) * intervalMs;
  return nextMs <= ageMs + slackMs ? nextMs : 0;
}
