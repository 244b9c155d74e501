import type { PageFacts, PageLoss, PageLossComparison } from './page-state.ts';

/** Fewer probes do not tell equal ways apart (docs/choosing.md, Loss). */
const TELLING_PROBES = 600;
/** A way that loses more is filtered, for probes at least: then its loss says nothing. */
const MAX_CREDIBLE_SHARE = 0.5;

/** What probes of both ways have shown. */
export interface ProbedLoss {
  readonly node: string;
  readonly kind: string;
  /** Probes by each way. */
  readonly pairs: number;
  readonly directLossShare: number;
  /** From the node to the server and back. */
  readonly nodeLossShare: number;
}

/**
 * Compares what is lost directly and by a node, there and back. Probes know the direct way, and the way from the node on; packets know the way to
 * the node. A packet that is lost on any of these is lost.
 */
export function compareLoss(
  { node, kind, pairs, directLossShare, nodeLossShare }: ProbedLoss,
  { up, down }: PageFacts['loss'],
): PageLossComparison | null {
  if (pairs === 0) return null;
  const nothing = { node, probes: pairs, direct: null, nodeBefore: null, nodeAfter: null };
  // Routers answer as few probes as they like.
  if (kind === 'ttl') return { ...nothing, note: 'This server answers no probes, and those to the router before it do not tell loss.' };
  if (Math.max(directLossShare, nodeLossShare) > MAX_CREDIBLE_SHARE) {
    return { ...nothing, note: 'More than half of the probes are lost: somebody filters them, so they do not tell loss.' };
  }
  const byNode = (share: (loss: PageLoss) => number | null) => thereAndBack(nodeLossShare, up && share(up), down && share(down));
  const nodeBefore = byNode(({ before }) => before);
  const notes = [
    nodeBefore === null ? 'Too few packets have gone by the node to say what it loses.' : '',
    pairs < TELLING_PROBES ? `${pairs} probes are few: it takes ${TELLING_PROBES} to tell equal lines apart.` : '',
  ].filter((note) => note !== '');
  return {
    node,
    probes: pairs,
    direct: directLossShare,
    nodeBefore,
    nodeAfter: byNode(({ after }) => after),
    note: notes.length === 0 ? null : notes.join(' '),
  };
}

function thereAndBack(beyond: number, up: number | null, down: number | null): number | null {
  return up === null || down === null ? null : 1 - (1 - beyond) * (1 - up) * (1 - down);
}
