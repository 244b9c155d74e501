import { Counter, Gauge, Registry } from 'prom-client';
import type { ControlPlane } from '../control/control-plane.ts';
import type { NodeStats } from '../supervisor/stats.ts';
import { VERSION } from '../base/version.ts';
import type { NodeView } from './node-view.ts';

/** Adds a metric that is read when it is asked for. */
type Add = (name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]) => void;
type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The metrics of one node, read from its counters whenever they are asked for. */
export function createMetrics(node: NodeView): Registry {
  const registry = new Registry();
  let latest: NodeStats | undefined;
  /** The same for all metrics of one read, which begin in one go. */
  const stats = () => {
    if (latest === undefined) queueMicrotask(() => (latest = undefined));
    return (latest ??= node.supervisor.stats());
  };

  const counter: Add = (name, help, labelNames, samples) => {
    new Counter({
      name: `lightspeed_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.inc(labels, value);
      },
    });
  };
  const gauge: Add = (name, help, labelNames, samples) => {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.set(labels, value);
      },
    });
  };

  for (const { name, help, labelNames, samples } of TRAFFIC) counter(name, help, labelNames, () => samples(stats()));
  for (const { name, help, value } of PRESENT) gauge(`lightspeed_${name}`, help, [], () => [[{}, value(stats())]]);
  gauge('lightspeed_max_sessions', 'Sessions that the node may have at once.', [], () => [[{}, node.config.maxClients]]);
  if (node.control !== undefined) addControlMetrics(node.control, counter, gauge);
  counter('log_lines_dropped_total', 'Lines of the log that nobody read in time.', [], () => [[{}, node.droppedLines()]]);
  gauge('lightspeed_worker_up', 'Whether a data-plane worker serves.', ['worker'], () =>
    stats().workers.map(({ state }, index) => [{ worker: String(index) }, state === 'serving' ? 1 : 0]),
  );
  gauge('lightspeed_uptime_seconds', 'Since the node serves.', [], () => [[{}, (performance.now() - node.startedMs) / 1_000]]);
  gauge('lightspeed_build_info', 'Always 1; the labels say what runs.', ['version', 'node_id', 'region', 'engine'], () => [
    [{ version: VERSION, node_id: node.config.nodeId, region: node.config.region, engine: node.engine.kind }, 1],
  ]);
  gauge('process_resident_memory_bytes', 'Memory of the process.', [], () => [[{}, process.memoryUsage.rss()]]);
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  return registry;
}

function addControlMetrics(control: ControlPlane, counter: Add, gauge: Add): void {
  const { counters } = control;
  gauge('lightspeed_control_connections', 'Control connections that are open.', [], () => [[{}, control.connections]]);
  gauge('lightspeed_registrations', 'Clients that are registered.', [], () => [[{}, control.registrations]]);
  gauge('lightspeed_bound_registrations', 'Registered clients whose session is open.', [], () => [[{}, control.bound]]);
  gauge('lightspeed_draining', 'Whether the node takes nobody any more.', [], () => [[{}, control.isDraining ? 1 : 0]]);
  counter('registrations_total', 'Clients that asked to be let in, by what became of it.', ['result'], () => [
    [{ result: 'accepted' }, counters.accepted],
    [{ result: 'resumed' }, counters.resumed],
    ...[...counters.refused].map(([result, count]) => [{ result }, count] as const),
  ]);
  counter('registrations_ended_total', 'Registrations that the node ended, by why.', ['why'], () => [
    [{ why: 'ticket' }, counters.expired],
    [{ why: 'abandoned' }, counters.abandoned],
    [{ why: 'displaced' }, counters.displaced],
    [{ why: 'banned' }, counters.banned],
  ]);
  counter('reports_total', 'Reports to clients of how their packets arrive and what is refused.', [], () => [[{}, counters.reports]]);
  const { probes } = control;
  counter('probes_total', 'Round trips measured for clients, by kind.', ['kind'], () =>
    [...probes.counters.done].map(([kind, count]) => [{ kind }, count] as const),
  );
  counter('probes_shared_total', 'Requests of clients for which a result was there already.', [], () => [[{}, probes.counters.shared]]);
  counter('probes_refused_total', 'Requests of clients to measure that were refused.', ['reason'], () =>
    [...probes.counters.refused].map(([reason, count]) => [{ reason }, count] as const),
  );
  counter('control_connections_total', 'Control connections, by what became of them.', ['result'], () => {
    const { accepted, refusedOverMax, refusedOverMaxPerAddress, refusedOverAlpn, failedHandshakes } = control.port.counters;
    return [
      [{ result: 'accepted' }, accepted],
      [{ result: 'over_max' }, refusedOverMax],
      [{ result: 'over_max_per_address' }, refusedOverMaxPerAddress],
      [{ result: 'no_alpn' }, refusedOverAlpn],
      [{ result: 'handshake_failed' }, failedHandshakes],
    ];
  });
  counter(
    'control_dropped_packets_total',
    'Datagrams that the kernel dropped in front of the control port: too short to open a connection, or no room for them.',
    [],
    () => (control.port.socketDrops === undefined ? [] : [[{}, control.port.socketDrops]]),
  );
  counter('control_refusals_total', 'What clients of the control plane were refused.', ['what'], () => {
    const { refusals, closedRateLimited, closedProtocol, closedNotReading } = control.port.counters;
    return [
      [{ what: 'message' }, refusals],
      [{ what: 'rate_limited' }, closedRateLimited],
      [{ what: 'protocol' }, closedProtocol],
      [{ what: 'not_reading' }, closedNotReading],
    ];
  });
}

interface Traffic {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: (stats: NodeStats) => readonly Sample[];
}

/** The four ways of a datagram in or out of the node. */
function ways(unit: 'Packets' | 'Bytes'): Traffic['samples'] {
  return ({ relay }) => [
    [{ peer: 'client', direction: 'in' }, relay[`client${unit}Received`]],
    [{ peer: 'client', direction: 'out' }, relay[`client${unit}Sent`]],
    [{ peer: 'server', direction: 'in' }, relay[`server${unit}Received`]],
    [{ peer: 'server', direction: 'out' }, relay[`server${unit}Sent`]],
  ];
}

/** Datagrams longer than a receive buffer never get as far as having a direction: they are among the UDP events. */
function dropSamples(direction: string, drops: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(drops).map(([reason, count]) => [{ direction, reason }, count]);
}

function one(name: string, help: string, value: (stats: NodeStats) => number): Traffic {
  return { name, help, labelNames: [], samples: (stats) => [[{}, value(stats)]] };
}

/** Published under names of their own, or no number of events. */
const NO_UDP_EVENTS: ReadonlySet<string> = new Set(['sockets_open', 'kernel_drops', 'bytes_received', 'bytes_sent']);

const TRAFFIC: readonly Traffic[] = [
  {
    name: 'packets_total',
    help: 'Datagrams from and to clients and game servers.',
    labelNames: ['peer', 'direction'],
    samples: ways('Packets'),
  },
  {
    name: 'traffic_bytes_total',
    help: 'Payload bytes of these datagrams.',
    labelNames: ['peer', 'direction'],
    samples: ways('Bytes'),
  },
  {
    name: 'dropped_packets_total',
    help: 'Datagrams that went no further, by where they came from and why.',
    labelNames: ['direction', 'reason'],
    samples: ({ clientDrops, serverDrops }) => [...dropSamples('client', clientDrops), ...dropSamples('server', serverDrops)],
  },
  {
    name: 'client_packets_total',
    help: 'Packets of clients that were accepted, by kind.',
    labelNames: ['kind'],
    samples: ({ relay }) => [
      [{ kind: 'data' }, relay.dataPackets],
      [{ kind: 'parity' }, relay.parityPackets],
      [{ kind: 'keepalive' }, relay.keepalives],
      [{ kind: 'handshake' }, relay.handshakes],
      [{ kind: 'fin' }, relay.fins],
    ],
  },
  {
    name: 'client_sequence_numbers_total',
    help: 'Numbers of clients’ packets: that should have come, that came, and that came behind a later one. Those that did not come were lost.',
    labelNames: ['what'],
    samples: ({ relay }) => [
      [{ what: 'expected' }, relay.sequenceExpected],
      [{ what: 'received' }, relay.sequenceReceived],
      [{ what: 'late' }, relay.sequenceLate],
    ],
  },
  {
    name: 'paths_total',
    help: 'What proofs have done to paths of sessions, and packets given to the worker that has their session.',
    labelNames: ['event'],
    samples: ({ relay }) => [
      [{ event: 'moved' }, relay.pathsMoved],
      [{ event: 'added' }, relay.pathsAdded],
      [{ event: 'forwarded' }, relay.forwarded],
    ],
  },
  {
    name: 'repeats_total',
    help: 'What protects payloads to clients: repeats and XOR in other packets, packets of repeats alone, and what could not be sent.',
    labelNames: ['what'],
    samples: ({ relay }) => [
      [{ what: 'carried' }, relay.repeatsCarried],
      [{ what: 'alone' }, relay.repeatsAlone],
      [{ what: 'xor' }, relay.xorsCarried],
      [{ what: 'over_budget' }, relay.repeatsOverBudget],
      [{ what: 'unprotected' }, relay.repeatsUnprotected],
    ],
  },
  one('requests_total', 'Packets that asked clients for payloads that are missing.', ({ relay }) => relay.requestsSent),
  one('repaired_packets_total', 'Payloads of clients that came in a later packet only.', ({ relay }) => relay.repaired),
  one(
    'protection_changes_total',
    'How often the protection of what is sent to a client has changed.',
    ({ relay }) => relay.protectionSteps,
  ),
  {
    name: 'over_share_total',
    help: 'What accounts were refused because they had their share.',
    labelNames: ['what'],
    samples: ({ relay }) => [
      [{ what: 'socket' }, relay.egressOverShare],
      [{ what: 'fec_block' }, relay.fecOverShare],
    ],
  },
  one(
    'attacked_sessions_total',
    'Sessions of registered clients in whose name packets with wrong tokens or tags came.',
    ({ relay }) => relay.sessionsAttacked,
  ),
  one(
    'tagged_sessions_total',
    'Sessions whose packets have got tags, mostly since somebody guessed their token.',
    ({ relay }) => relay.sessionsTagged,
  ),
  one('sessions_opened_total', 'Sessions that were opened.', ({ relay }) => relay.sessionsOpened),
  {
    name: 'sessions_ended_total',
    help: 'Sessions that ended, by how.',
    labelNames: ['how'],
    samples: ({ relay }) => [
      [{ how: 'closed' }, relay.sessionsClosed],
      [{ how: 'expired' }, relay.sessionsExpired],
    ],
  },
  one('flows_opened_total', 'Flows between a client and a game server that were opened.', ({ relay }) => relay.flowsOpened),
  one('flows_gave_way_total', 'Idle flows that gave way to new ones of their sessions.', ({ relay }) => relay.flowsGaveWay),
  one('oversize_flows_total', 'Flows that have carried a payload over the safe size.', ({ relay }) => relay.oversizeFlows),
  one('bans_total', 'Addresses that were banned.', ({ relay }) => relay.bans),
  {
    name: 'fec_packets_total',
    help: 'Packets and forward error correction, by what became of them.',
    labelNames: ['result'],
    samples: ({ relay }) => [
      [{ result: 'recovered' }, relay.fecRecovered],
      [{ result: 'lost' }, relay.fecLost],
      [{ result: 'recovery_rejected' }, relay.fecRecoveryRejected],
      [{ result: 'parity_ignored' }, relay.fecParityIgnored],
      [{ result: 'untracked' }, relay.fecUntracked],
      [{ result: 'parity_sent' }, relay.fecParityGenerated],
      [{ result: 'protected' }, relay.fecProtected],
    ],
  },
  {
    name: 'udp_events_total',
    help: 'What the sockets met: datagrams, calls, refusals, drops.',
    labelNames: ['event'],
    samples: ({ udp }) =>
      Object.entries(udp)
        .filter(([event]) => !NO_UDP_EVENTS.has(event))
        .map(([event, count]) => [{ event }, count] as const),
  },
  one('kernel_dropped_packets_total', 'Datagrams that the kernel dropped in front of our sockets.', ({ udp }) => udp.kernel_drops),
  {
    name: 'worker_restarts_total',
    help: 'Data-plane workers that crashed and were started again.',
    labelNames: ['worker'],
    samples: ({ workers }) => workers.map(({ restarts }, index) => [{ worker: String(index) }, restarts] as const),
  },
];

const PRESENT: readonly {
  readonly name: string;
  readonly help: string;
  readonly value: (stats: NodeStats) => number;
}[] = [
  { name: 'sessions', help: 'Sessions that are open.', value: ({ relay }) => relay.sessions },
  { name: 'flows', help: 'Flows that are open.', value: ({ relay }) => relay.flows },
  { name: 'egress_sockets', help: 'Sockets towards game servers.', value: ({ relay }) => relay.egressSockets },
  { name: 'banned_addresses', help: 'Addresses that are banned.', value: ({ relay }) => relay.bannedAddresses },
  { name: 'sockets', help: 'UDP sockets that are open.', value: ({ udp }) => udp.sockets_open },
];
