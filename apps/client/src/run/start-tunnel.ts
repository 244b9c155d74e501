import { Worker } from 'node:worker_threads';
import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import { UDP_COUNTERS_BYTES, closeLedgerFds, createFdLedger } from '@lightspeed/udp';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { Fleet } from '../control/fleet.ts';
import { resolveNode } from '../control/reach-node.ts';
import { noSuchFamily } from '../control/session-obstacle.ts';
import { ClientError } from '../base/errors.ts';
import type { ClientErrorCode } from '../base/errors.ts';
import { workerModule } from '../base/program-files.ts';
import { LOCAL_COUNTERS_BYTES } from '../ingress/local-counters.ts';
import { familyOf } from '../settings/addresses.ts';
import { DEFAULT_TUNNEL_SETTINGS, parseTunnelSettings } from '../settings/tunnel-settings.ts';
import type { ParsedTunnel, ParsedTunnelSettings, TunnelSettings } from '../settings/tunnel-settings.ts';
import { CounterBook } from '../tunnel/counter-book.ts';
import type { NodeAddresses, NodeTunnelSettings, WorkerInput, WorkerMessage } from '../tunnel/messages.ts';
import { WAY_DIRECT } from '../way/way-policy.ts';
import { RunningTunnel } from './running-tunnel.ts';

/** The slot of the node of a tunnel that was not registered. */
const ONLY_SLOT = 0;
const LOOK_UP_MS = 5_000;

/**
 * Starts a tunnel. It registers with the nodes if asked to, and then starts a data-plane thread with one socket per path
 * and one per ingress. It listens for SOCKS5 clients if asked to. Resolves when all are bound and the session was asked
 * for; `established` tells when the node has answered.
 *
 * @throws {ClientError} (rejection) `ERR_CLIENT_INVALID_SETTING`. `ERR_CLIENT_REGISTER` and `ERR_CLIENT_NODE_IDENTITY`
 *   if no node accepts us. `ERR_CLIENT_RESOLVE` if a node's name gives no address that can be used. `ERR_CLIENT_NOT_REGISTERED` if no node can give what was asked for. `ERR_CLIENT_OPEN` if a
 *   socket cannot be opened. `ERR_CLIENT_WORKER` if the thread cannot be started.
 */
export async function startTunnel(settings: TunnelSettings): Promise<RunningTunnel> {
  const parsed = parseTunnelSettings(settings);
  const counters = new CounterBook();
  if (parsed.source.kind === 'node') {
    const { settings: known } = parsed;
    const { node } = parsed.source;
    const addresses = await openNodeAddresses(node, known);
    const ways = known.ways.map(({ ip, mask, port, node }) => ({ ip, mask, port, way: node === undefined ? WAY_DIRECT : ONLY_SLOT }));
    return startThread(known, { nodeTunnels: [plainNodeTunnel(parsed, node, addresses, counters)], via: undefined, ways }, counters, node);
  }
  const fleet = new Fleet(parsed.source.register, parsed.settings, counters);
  try {
    const nodeTunnels = await fleet.start();
    return await startThread(parsed.settings, { ...nodeTunnels, ways: fleet.rules() }, counters, fleet);
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

/**
 * Where the data plane is of a node with which nobody registers. HANDSHAKEs ask its addresses in turn (RFC 8305), and the one
 * that acknowledges is used. Dialect `reference` has no acknowledgement: IPv4 is taken where there is both.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE`, also if none of its addresses can be reached from the source.
 */
export async function openNodeAddresses({ host, port }: SocketAddress, { source, dialect }: ParsedTunnelSettings): Promise<NodeAddresses> {
  const name = formatSocketAddress({ host, port });
  const found = await resolveNode(host, LOOK_UP_MS, name);
  const provable = dialect === 'standard' || source !== undefined;
  const ipv6 = found.ipv6 !== undefined && (provable || found.ipv4 === undefined) ? { host: found.ipv6, port } : undefined;
  const ipv4 = found.ipv4 === undefined ? undefined : { host: found.ipv4, port };
  const family = source === undefined ? undefined : familyOf(source);
  if (source !== undefined && (family === 'ipv6' ? ipv6 : ipv4) === undefined) {
    throw new ClientError('ERR_CLIENT_RESOLVE', `node ${name}: ${noSuchFamily(source, host)}`);
  }
  return { ipv4, ipv6, preferred: family ?? (ipv6 === undefined ? 'ipv4' : 'ipv6') };
}

/** The only node tunnel of a tunnel that was not registered. */
export function plainNodeTunnel(
  { settings }: ParsedTunnel,
  named: SocketAddress,
  node: NodeAddresses,
  counters: CounterBook,
): NodeTunnelSettings {
  const { dialect, token, keepaliveMs = DEFAULT_TUNNEL_SETTINGS.keepaliveMs } = settings;
  const nodeTunnel: NodeTunnelSettings = {
    slot: ONLY_SLOT,
    node,
    dialect,
    token,
    keepaliveMs,
    registration: undefined,
    wantsTags: false,
    terms: undefined,
    nonces: new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT),
    counters: new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES),
  };
  counters.add(nodeTunnel.slot, formatSocketAddress(named), nodeTunnel.counters);
  return nodeTunnel;
}

async function startThread(
  settings: ParsedTunnelSettings,
  nodeTunnels: Pick<WorkerInput, 'nodeTunnels' | 'via' | 'ways'>,
  counters: CounterBook,
  nodes: Fleet | SocketAddress,
): Promise<RunningTunnel> {
  const input: WorkerInput = {
    settings,
    ...nodeTunnels,
    udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
    localCounters: new SharedArrayBuffer(LOCAL_COUNTERS_BYTES),
    fdLedger: createFdLedger(),
  };
  const worker = new Worker(workerModule(), { workerData: input, name: 'lightspeed data plane' });
  let tunnel: RunningTunnel;
  try {
    tunnel = await begun(worker, input, counters, nodes);
  } catch (error) {
    worker.once('exit', () => closeLedgerFds(input.fdLedger));
    throw error;
  }
  try {
    await tunnel.listenForSocks();
  } catch (error) {
    await tunnel.close();
    throw error;
  }
  return tunnel;
}

/** Waits for the thread's first message. The tunnel takes over within its delivery, so that it misses none after it. */
function begun(worker: Worker, input: WorkerInput, counters: CounterBook, nodes: Fleet | SocketAddress): Promise<RunningTunnel> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const fail = (code: ClientErrorCode, message: string, options?: { cause?: unknown; mayPass?: boolean }) => {
      finish();
      reject(new ClientError(code, message, options));
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.type === 'refused') return fail('ERR_CLIENT_OPEN', message.message, message);
      if (message.type !== 'started') return fail('ERR_CLIENT_WORKER', `the thread began with '${message.type}'`);
      finish();
      resolve(new RunningTunnel(worker, input, message, counters, nodes));
    };
    const onError = (error: Error) => {
      fail('ERR_CLIENT_WORKER', `the data-plane thread cannot be started: ${error.message}`, error);
    };
    const onExit = () => fail('ERR_CLIENT_WORKER', 'the data-plane thread has ended at once');
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
