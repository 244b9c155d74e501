import { STEP_NAMES } from '@lightspeed/session';
import type { StepName } from '@lightspeed/session';
import { formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { NodeStatus } from '../control/fleet-node.ts';
import type { PathStats, TunnelStats } from '../run/stats.ts';
import { preferredAddress } from '../tunnel/messages.ts';
import type { DirectionLoss } from './loss.ts';
import type { PathTraffic } from './path-meter.ts';
import { percent } from './percent.ts';
import { describeRefused } from './refusals.ts';
import type { Traffic } from './traffic.ts';

/** One line for people. Paths are told if there are several, nodes if there is something to say about them. */
export function describeSample(
  { state, counters, rtt, paths, up, ways }: TunnelStats,
  traffic: Traffic,
  pathTraffic: readonly PathTraffic[],
  nodes: readonly NodeStatus[],
): string {
  const parts = [
    rtt === undefined ? 'rtt -' : `rtt ${rtt.smoothedMs.toFixed(1)} ms  jitter ${rtt.jitterMs.toFixed(1)} ms`,
    `loss ${byDirection(traffic, describeLoss)}`,
    `recovered ${recovered(counters.fecRecovered + counters.repaired, up)}`,
    `up ${traffic.upPps.toFixed(0)}/s  down ${traffic.downPps.toFixed(0)}/s`,
  ];
  const isLate = [traffic.up, traffic.down].some((direction) => (direction?.lateRatio ?? 0) > 0);
  if (isLate) parts.splice(2, 0, `late ${byDirection(traffic, ({ lateRatio }) => percent(lateRatio))}`);
  const protection = protectionOf(counters);
  if (protection !== undefined && protection !== 'none') parts.push(`protection ${protection}`);
  if (traffic.drops > 0) parts.push(`drops ${traffic.drops}`);
  if (traffic.refused.length > 0) parts.push(`node refuses: ${describeRefused(traffic.refused, traffic, up?.limits)}`);
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

/** How what is sent to the node in use is protected; undefined where nothing is agreed on. */
export function protectionOf({ protectionStep }: TunnelStats['counters']): StepName | undefined {
  return STEP_NAMES.at(protectionStep < 0 ? STEP_NAMES.length : protectionStep);
}

/** What is said of both directions, or of the way down alone where the node says nothing of the other. */
function byDirection({ up, down }: Pick<Traffic, 'up' | 'down'>, describe: (direction: DirectionLoss) => string): string {
  return `${up === undefined ? '' : `up ${describe(up)}, `}down ${describe(down)}`;
}

/** Loss before recovery, and behind it if something was recovered. */
function describeLoss({ lossRatio, unrepairedRatio = 0, unrepairedError = 0, recovered }: DirectionLoss): string {
  if (lossRatio === undefined || recovered === 0) return percent(lossRatio);
  const left = unrepairedError === 0 ? percent(unrepairedRatio) : `${percent(unrepairedRatio)} ±${percent(unrepairedError)}`;
  return `${percent(lossRatio)} (${left} after protection)`;
}

/** How packets of one direction fared in all, for the summary: shares only of as many packets as it takes to judge. */
export function describeTotal(direction: DirectionLoss): string {
  const { expected, lost, payloads, recovered, lossRatio, lateRatio } = direction;
  const share = lossRatio === undefined ? '' : `, ${describeLoss(direction)}`;
  const late = lateRatio === undefined ? '' : `; late ${percent(lateRatio)}`;
  const of = payloads === expected ? `${expected}` : `${expected}, of which about ${payloads} had a datagram`;
  return `lost ${lost} of ${of}${share}; recovered ${recovered}${late}`;
}

/** What protection has brought back since the start, at both ends. */
function recovered(down: number, up: TunnelStats['up']): string {
  return `${up === undefined ? '' : `${up.recovered} up, `}${down} down`;
}

function describePath({ up, via, rttMs }: PathStats, index: number, { keepalives, keepalivesLost, share }: PathTraffic): string {
  const name = `path ${index + 1}${via ? ' (via)' : ''}`;
  if (!up) return `${name} down`;
  const rtt = rttMs === undefined ? '-' : `${rttMs.toFixed(1)} ms`;
  return `${name} ${rtt}, ${keepalivesLost} of ${keepalives} keepalives lost, share ${percent(share)}`;
}

/** A path of the tunnel as the JSON report has it. */
export function pathForPrograms(path: PathStats, { keepalives, keepalivesLost, share }: PathTraffic): object {
  const { local, via, up, rttMs, jitterMs, packetsSent, packetsReceived } = path;
  return {
    local: formatSocketAddress(local),
    via,
    up,
    rttMs: rttMs ?? null,
    jitterMs: jitterMs ?? null,
    keepalives,
    keepalivesLost,
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

/** Loss of both directions as the JSON report has it; null where there is nothing to say yet. */
export function lossForPrograms({ up, down }: Pick<Traffic, 'up' | 'down'>): object {
  return { up: up === undefined ? null : withNulls(up), down: withNulls(down) };
}

function withNulls(direction: DirectionLoss): object {
  const { lossRatio = null, unrepairedRatio = null, unrepairedError = null, longLossRatio = null, lateRatio = null } = direction;
  return { ...direction, lossRatio, unrepairedRatio, unrepairedError, longLossRatio, lateRatio };
}
