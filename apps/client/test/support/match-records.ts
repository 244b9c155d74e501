import { WayChooser } from '@lightspeed/choice';
import type { MatchRecord } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';

/** The node of all these matches. */
export const MATCH_NODE = 'fra-1.example.net:4433';

/** A match of ten minutes with a shadow pair a second, as a chooser gives it. The direct way takes 60 ms. */
export function matchRecord(options: {
  readonly endMs: number;
  readonly nodeMs?: number;
  readonly way?: 'direct' | 'node';
  readonly game?: string;
  readonly server?: string;
}): MatchRecord {
  const { endMs, nodeMs = 40, way = 'node', game = 'CS2', server = '203.0.113.9' } = options;
  const chooser = new WayChooser({ nodes: [MATCH_NODE], always: [{ way }] });
  const match = chooser.openMatch({ serverIp: parseIpv4(server) ?? 0, serverPort: 27_015, game }, endMs - 600_000);
  chooser.handleAnswer(match);
  for (let second = 1; second < 600; second++) {
    const spread = second % 3;
    const atMs = endMs - 600_000 + second * 1_000;
    chooser.addShadowPair(match, { node: MATCH_NODE, kind: 'icmp', directMs: 60 + spread, nodeMs, atMs });
  }
  return chooser.closeMatch(match, endMs);
}
