import { formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { NodeStatus } from '../control/fleet-node.ts';
import type { PathStats, TunnelStats } from '../run/stats.ts';
import { preferredAddress } from '../tunnel/messages.ts';
import type { PathTraffic } from './path-meter.ts';
import type { Traffic } from './traffic.ts';

/** One line for people. Paths are told if there are several, nodes if there is something to say about them. */
export function describeSample(
  { state, counters, rtt, paths, ways }: TunnelStats,
  traffic: Traffic,
  pathTraffic: readonly PathTraffic[],
  nodes: readonly NodeStatus[],
): string {
  const parts = [
    rtt === undefined ? 'rtt -' : `rtt ${rtt.smoothedMs.toFixed(1)} ms  jitter ${rtt.jitterMs.toFixed(1)} ms`,
    `loss ${percent(traffic.lossRatio)}`,
    `recovered ${traffic.recovered}`,
    `up ${traffic.upPps.toFixed(0)}/s  down ${traffic.downPps.toFixed(0)}/s`,
  ];
  if (traffic.lateRatio !== undefined && traffic.lateRatio > 0) parts.splice(2, 0, `late ${percent(traffic.lateRatio)}`);
  if (traffic.drops > 0) parts.push(`drops ${traffic.drops}`);
  if (paths.length > 1) parts.push(...paths.map((path, index) => describePath(path, index, pathTraffic[index])));
  const busy = ways.filter(({ flows }) => flows > 0);
  if (busy.length > 1) parts.push(`flows ${busy.map(({ name, flows }) => `${flows} by ${name}`).join(', ')}`);
  const used = nodes.find((node) => node.used);
  if (nodes.length > 1 && used !== undefined) parts.unshift(used.name);
  if (counters.tagged === 1) parts.unshift('[tagged]');
  if (used?.draining === true) parts.unshift('[node draining]');
  if (state !== 'established') parts.unshift(`[${state === 'idle' ? 'no session' : state}]`);
  return parts.join('  ');
}

function describePath({ up, via, rttMs }: PathStats, index: number, { lossRatio, share }: PathTraffic): string {
  const name = `path ${index + 1}${via ? ' (via)' : ''}`;
  if (!up) return `${name} down`;
  const rtt = rttMs === undefined ? '-' : `${rttMs.toFixed(1)} ms`;
  return `${name} ${rtt}, loss ${percent(lossRatio)}, share ${percent(share)}`;
}

/** A path of the tunnel as the JSON report has it. */
export function pathForPrograms(path: PathStats, { lossRatio, share }: PathTraffic): object {
  const { local, via, up, rttMs, jitterMs, packetsSent, packetsReceived } = path;
  return {
    local: formatSocketAddress(local),
    via,
    up,
    rttMs: rttMs ?? null,
    jitterMs: jitterMs ?? null,
    lossRatio: lossRatio ?? null,
    share: share ?? null,
    packetsSent,
    packetsReceived,
  };
}

/** A node of the fleet as the JSON report has it. */
export function nodeForPrograms(node: NodeStatus): object {
  const { name, used, connected, up, draining, loadPercent, version, rttMs, session, isOfEarlierRun } = node;
  const egress = session?.egress;
  const data = session && preferredAddress(session.data);
  return {
    name,
    used,
    connected,
    up,
    draining,
    nodeId: session?.nodeId ?? null,
    region: session?.region ?? null,
    data: data === undefined ? null : formatSocketAddress(data),
    isOfEarlierRun,
    egressIp: egress === undefined ? null : formatIpv4(egress.ip),
    loadPercent: loadPercent ?? null,
    version: version ?? null,
    rttMs: rttMs ?? null,
  };
}

/** A ratio of 1 as a percentage with one decimal, or `-` for none. */
export function percent(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${(ratio * 100).toFixed(1)} %`;
}
