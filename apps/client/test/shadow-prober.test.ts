import { expect, it, vi } from 'vitest';
import { FleetNode } from '../src/control/fleet-node.ts';
import { ShadowProber } from '../src/evidence/shadow-prober.ts';
import type { Pair } from '../src/probes/pair-prober.ts';
import { parseRegisterSettings } from '../src/settings/register-settings.ts';

const PAIR: Pair = {
  kind: 'icmp',
  directMs: [60],
  nodeMs: [20],
  toNodeMs: undefined,
  refusal: undefined,
  obstacle: undefined,
  comparable: 'same',
  nodeAgeSecs: 0,
};

it('adds the way to the node as it is when the node has measured, not as it was before', async () => {
  const settings = parseRegisterSettings({ nodes: [{ host: '127.0.0.1', port: 4433 }] }, 'standard');
  const fleetNode = new FleetNode(settings.nodes[0], settings, 0);
  Object.defineProperty(fleetNode.link, 'session', { value: { measures: true } });
  const recentRttMs = vi.fn(() => 90);
  const node = fleetNode.measuring(true, { recentRttMs });
  if (node === undefined) throw new Error('it does not measure');
  // What the server answers is found out meanwhile.
  const best = () => {
    recentRttMs.mockReturnValue(25);
    return Promise.resolve([PAIR]);
  };
  using prober = new ShadowProber({ best, pairs: best }, () => 1_000);
  const server = { ip: 0x0808_0404, port: 27_015, kind: undefined, silentUntilMs: 0 };
  const pairs = await prober.measure(server, [{ node, count: 10 }]);
  expect(pairs).toEqual([{ node: '127.0.0.1:4433', kind: 'icmp', directMs: 60, nodeMs: 45, atMs: 1_000 }]);
});
