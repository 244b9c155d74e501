import { describe, expect, it } from 'vitest';
import { compareLoss } from '../src/page/loss-comparison.ts';
import type { PageLoss } from '../src/page/page-state.ts';

const probed = { node: 'fra-1', kind: 'icmp', pairs: 600, directLossShare: 0.05, nodeLossShare: 0.01 };
const line = (before: number | null, after: number | null): PageLoss => {
  return { before, after, afterError: 0, packets: 1_000, meanRun: 1, protection: null };
};
const both = { up: line(0.1, 0), down: line(0.2, 0.1) };

describe('loss directly and by a node', () => {
  it('is of all that a packet passes there and back, before protection and behind it', () => {
    const { direct, nodeBefore, nodeAfter, note } = compareLoss(probed, both) ?? {};
    expect([direct, note]).toEqual([0.05, null]);
    expect(nodeBefore).toBeCloseTo(1 - 0.99 * 0.9 * 0.8, 10);
    expect(nodeAfter).toBeCloseTo(1 - 0.99 * 1 * 0.9, 10);
  });

  it('says what is not known, and what is not sure', () => {
    expect(compareLoss({ ...probed, pairs: 0 }, both)).toBeNull();
    expect(compareLoss({ ...probed, pairs: 60 }, both)?.note).toBe('60 probes are few: it takes 600 to tell equal lines apart.');
    for (const loss of [
      { up: null, down: line(0, 0) },
      { up: line(null, null), down: line(0, 0) },
    ]) {
      expect(compareLoss(probed, loss)).toMatchObject({ direct: 0.05, nodeBefore: null, nodeAfter: null });
      expect(compareLoss(probed, loss)?.note).toContain('Too few packets have gone by the node');
    }
  });

  it('does not take probes for packets that routers or filters have dropped', () => {
    const filtered = compareLoss({ ...probed, directLossShare: 0.9 }, both);
    expect(filtered).toMatchObject({ direct: null, nodeBefore: null, note: expect.stringContaining('somebody filters them') });
    expect(compareLoss({ ...probed, kind: 'ttl' }, both)).toMatchObject({
      direct: null,
      note: expect.stringContaining('do not tell loss'),
    });
  });
});
