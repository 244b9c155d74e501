import type { Flow } from '../ingress/ingress.ts';
import type { FlowTable } from './flow-table.ts';
import type { ServerCount } from './messages.ts';

/** As many as the live page shows. */
const MAX_SERVERS = 256;

/**
 * Sums up what the open flows to each server have carried. Of very many servers those whose flows began last in the table are left out.
 * @param isKernels whether the kernel carries a flow, so that its datagrams are not seen.
 */
export function countByServer(flows: Pick<FlowTable, 'each'>, isKernels: (flow: Flow) => boolean): ServerCount[] {
  const counts = new Map<string, ServerCount>();
  flows.each((flow) => {
    const { destinationIp, destinationPort: port, datagramsUp, datagramsDown } = flow;
    const ip = destinationIp >>> 0;
    const key = `${ip}:${port}`;
    const known = counts.get(key);
    if (known === undefined && counts.size >= MAX_SERVERS) return;
    const { up = 0, down = 0, isPartly = false } = known ?? {};
    counts.set(key, { ip, port, up: up + datagramsUp, down: down + datagramsDown, isPartly: isPartly || isKernels(flow) });
  });
  return [...counts.values()];
}
