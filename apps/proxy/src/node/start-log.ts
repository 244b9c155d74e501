import { availableKernel } from '@lightspeed/fec';
import type { EngineChoice } from '@lightspeed/udp';
import { formatIpv4, formatSocketAddress, isLoopback } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { protectionWarnings } from '../config/protection.ts';
import { relayOptionsOf } from '../supervisor/relay-options.ts';
import type { NodeStats } from '../supervisor/stats.ts';
import { DATA_BUFFER_BYTES } from '../supervisor/data-port.ts';
import type { NodeParts } from './node-parts.ts';

/** Says what serves where and how, and what the operator may want to change. */
export function logStart(log: Logger, config: NodeConfig, engine: EngineChoice, { supervisor, control, http }: NodeParts): void {
  const { dataAddress, buffers } = supervisor;
  log.info(
    {
      data: formatSocketAddress(dataAddress),
      http: http === undefined ? 'off' : `http://${formatSocketAddress(http.address)}`,
      control: control === undefined ? 'off' : formatSocketAddress(control.address),
      pin: control?.pin,
      quic: control?.port.quic,
      registration: control === undefined ? undefined : config.registration,
      stateDir: control === undefined ? undefined : (config.stateDir ?? 'off'),
      egress: formatIpv4(config.egressBind),
      egressPorts: config.egressPorts === undefined ? 'any' : `${config.egressPorts.low}-${config.egressPorts.high}`,
      egressSockets: relayOptionsOf(config).maxEgressSockets,
      workers: config.workers,
      cores: supervisor.cores.length === 0 ? 'any' : supervisor.cores,
      busyPollUs: config.busyPollUs,
      engine: engine.kind,
      engineReason: engine.reason,
      fecKernel: availableKernel(),
      receiveBufferBytes: buffers.receiveBytes,
      sendBufferBytes: buffers.sendBytes,
      dialect: config.dialect,
      authentication: config.requireAuth ? 'required' : 'off',
      node: config.nodeId,
      region: config.region,
    },
    'node serves',
  );
  if (engine.fellBack) {
    log.warn(
      { engineReason: engine.reason },
      `packets move one by one, which costs several times as much: the batch engine cannot work here: ${engine.reason}`,
    );
  }
  if (!config.requireAuth) {
    log.warn('authentication is off: everybody who reaches the data plane is admitted');
  } else if (control === undefined) {
    log.warn(
      'nobody can be admitted: authentication is on and the control plane, where clients register, is off; ' +
        'start with --control-bind, or with --open on a loopback or with --allow-open to let anybody in',
    );
  } else if (config.registration === 'anyone') {
    log.info('anybody may register; --issuer-key admits only clients with a ticket');
  } else if (config.registration === 'nobody') {
    log.warn(
      'nobody may register: make a key with lightspeed-proxy ticket keygen, put what it prints into issuer_keys of the configuration ' +
        '(--issuer-key), and restart; or let in anybody with --allow-open or security.registration = "anyone"',
    );
  }
  if (control !== undefined && takesIpv6(control.address) && !takesIpv6(dataAddress)) {
    log.warn('clients may register over IPv6 but not play over it: let --data-bind take IPv6, or --control-bind IPv4 only');
  }
  if (http !== undefined && !isLoopback(http.address.host)) {
    log.warn(
      { http: formatSocketAddress(http.address) },
      '/health and /metrics answer everybody who reaches them, without authentication: keep --http-bind on loopback, or let a firewall guard it',
    );
  }
  for (const warning of protectionWarnings(config)) log.warn(warning);
  warnOfSmallBuffer(log, 'receive', buffers.receiveBytes, 'net.core.rmem_max');
  warnOfSmallBuffer(log, 'send', buffers.sendBytes, 'net.core.wmem_max');
}

function takesIpv6({ host }: SocketAddress): boolean {
  return host.includes(':');
}

function warnOfSmallBuffer(log: Logger, which: string, granted: number, sysctl: string): void {
  if (granted >= DATA_BUFFER_BYTES) return;
  log.warn(
    { granted, asked: DATA_BUFFER_BYTES },
    `the system granted a smaller ${which} buffer than was asked for, bursts may be lost: sysctl -w ${sysctl}=${DATA_BUFFER_BYTES}`,
  );
}

/** One line with what has happened so far. */
export function logTotals(log: Logger, { relay, clientDrops, serverDrops, udp, workerRestarts }: NodeStats): void {
  log.info(
    {
      sessions: relay.sessions,
      flows: relay.flows,
      clientPackets: { received: relay.clientPacketsReceived, sent: relay.clientPacketsSent },
      serverPackets: { received: relay.serverPacketsReceived, sent: relay.serverPacketsSent },
      lostFromClients: Math.max(0, relay.sequenceExpected - relay.sequenceReceived),
      fecRecovered: relay.fecRecovered,
      dropped: sum(clientDrops) + sum(serverDrops),
      kernelDrops: udp.kernel_drops,
      workerRestarts,
    },
    'totals',
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
