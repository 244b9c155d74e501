import { REFUSED_REASONS, refusedDestinationsExtension, refusedPacketsExtension } from '@lightspeed/control';
import type { OutgoingMessage, RefusedReason } from '@lightspeed/control';
import type { SessionReport } from '@lightspeed/session';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { DropReason } from '@lightspeed/wire';
import type { Client } from './client.ts';
import type { ControlCounters } from './control-counters.ts';

/** Tells a client of its session (docs/protocol.md, Reports); while its control connection is lost, nothing. */
export function sendReport({ link }: Client, report: SessionReport, counters: ControlCounters): void {
  if (link === undefined) return;
  counters.reports++;
  link.send(messageOf(report));
}

function messageOf(report: SessionReport): OutgoingMessage {
  const { sessionId, expected, received, late, recovered } = report;
  const packets = report.packets.map(({ direction, reason, packets }) => ({ direction, reason: reasonOf(reason), packets }));
  const destinations = report.destinations.map(({ ip, port, reason }) => ({ ip, port, reason: reasonOf(reason) }));
  return {
    type: 'report',
    sessionId,
    expected: expected >>> 0,
    received: received >>> 0,
    late: late >>> 0,
    recovered: recovered >>> 0,
    extensions: [
      ...(packets.length === 0 ? [] : [refusedPacketsExtension.encode(packets)]),
      ...(destinations.length === 0 ? [] : [refusedDestinationsExtension.encode(destinations)]),
    ],
  };
}

/** Reasons are drop reasons by the same names; 0 stands for one that reports do not know. */
function reasonOf(dropReason: DropReason): RefusedReason {
  return REFUSED_REASONS.find((reason) => reason === DROP_REASON_NAMES[dropReason]) ?? 0;
}
