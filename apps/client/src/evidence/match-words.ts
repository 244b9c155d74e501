import { DIRECT, REASON_TEXTS } from '@lightspeed/choice';
import type { Decision, MatchRecord, OpenMatch } from '@lightspeed/choice';
import { formatEndpoint } from '@lightspeed/wire';

/** `203.0.113.9:27015 (Quake)`. */
function serverOf({ serverIp, serverPort, game }: OpenMatch['server']): string {
  return `${formatEndpoint(serverIp, serverPort)}${game === undefined ? '' : ` (${game})`}`;
}

/** Which way a match goes, and why. */
export function decisionText(server: OpenMatch['server'], { way, reason, gainMs, intervalMs, pairs, evidence }: Decision): string {
  if (reason === 'no-node') return `${serverOf(server)} is reached by the node: no node measures servers, so there is nothing to compare`;
  const where = way === DIRECT ? 'directly' : `by ${way}`;
  const figures =
    gainMs === undefined ? '' : ` (${gainText(gainMs, intervalMs)}, ${pairs} ${evidence === 'matches' ? 'matches' : 'comparisons'})`;
  return `${serverOf(server)} is reached ${where}: ${REASON_TEXTS[reason]}${figures}`;
}

/** What a match has shown, when it is over. */
export function recordText({ game, serverIp, serverPort, decision, proofs, isVetoed }: MatchRecord): string {
  const [proof] = proofs;
  const match = `the match at ${serverOf({ serverIp, serverPort, game })} went ${decision.way === DIRECT ? 'directly' : `by ${decision.way}`}`;
  if (proofs.length === 0) return `${match}; nothing could be measured`;
  const gain = gainText(proof.gainMs, proof.intervalMs);
  const found = decision.way === DIRECT ? `by ${proof.node} it would have been ${gain}` : gain;
  const veto = isVetoed ? '. Its network goes directly for 7 days' : '';
  return `${match}: ${found}, ${proof.answered} comparisons${veto}`;
}

function gainText(gainMs: number, intervalMs: readonly [number, number] | undefined): string {
  const how = gainMs >= 0 ? 'faster' : 'slower';
  const sizes = intervalMs?.map((ms) => (gainMs >= 0 ? ms : -ms)).toSorted((a, b) => a - b);
  const between = sizes === undefined ? '' : ` (${sizes.map((ms) => ms.toFixed(1)).join(' to ')})`;
  return `${Math.abs(gainMs).toFixed(1)} ms${between} ${how}`;
}
