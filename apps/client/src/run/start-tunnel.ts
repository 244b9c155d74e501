import { Worker } from 'node:worker_threads';
import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import { UDP_COUNTERS_BYTES, closeLedgerFds, createFdLedger } from '@lightspeed/udp';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { Fleet } from '../control/fleet.ts';
import { ClientError } from '../base/errors.ts';
import type { ClientErrorCode } from '../base/errors.ts';
import { LOCAL_COUNTERS_BYTES } from '../ingress/local-counters.ts';
import { familyOf } from '../settings/addresses.ts';
import { DEFAULT_TUNNEL_SETTINGS, parseTunnelSettings } from '../settings/tunnel-settings.ts';
import type { ParsedTunnel, ParsedTunnelSettings, TunnelSettings } from '../settings/tunnel-settings.ts';
import { CounterBook } from '../tunnel/counter-book.ts';
import type { NodeTunnelSettings, WorkerInput, WorkerMessage } from '../tunnel/messages.ts';
import { WAY_DIRECT } from '../way/way-policy.ts';
import { RunningTunnel } from './running-tunnel.ts';

/** The thread's module has the same form as this one: TypeScript in a checkout, JavaScript when built. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? '../tunnel/worker.ts' : '../tunnel/worker.js', import.meta.url);

/** The slot of the node of a tunnel that was not registered. */
const ONLY_SLOT = 0;

/**
 * Starts a tunnel. It registers with the nodes if asked to, and then starts a data-plane thread with one socket per path
 * and one per ingress. It listens for SOCKS5 clients if asked to. Resolves when all are bound and the session was asked
 * for; `established` tells when the node has answered.
 *
 * @throws {ClientError} (rejection) `ERR_CLIENT_INVALID_SETTING`. `ERR_CLIENT_REGISTER` and `ERR_CLIENT_NODE_IDENTITY`
 *   if no node accepts us. `ERR_CLIENT_NOT_REGISTERED` if no node can give what was asked for. `ERR_CLIENT_OPEN` if a
 *   socket cannot be opened. `ERR_CLIENT_WORKER` if the thread cannot be started.
 */
export async function startTunnel(settings: TunnelSettings): Promise<RunningTunnel> {
  const parsed = parseTunnelSettings(settings);
  const counters = new CounterBook();
  if (parsed.source.kind === 'node') {
    const { settings: known } = parsed;
    const ways = known.ways.map(({ ip, mask, port, node }) => ({ ip, mask, port, way: node === undefined ? WAY_DIRECT : ONLY_SLOT }));
    return startThread(known, { nodeTunnels: [plainNodeTunnel(parsed, parsed.source.node, counters)], via: undefined, ways }, counters);
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

/** The only node tunnel of a tunnel that was not registered. */
export function plainNodeTunnel({ settings }: ParsedTunnel, node: SocketAddress, counters: CounterBook): NodeTunnelSettings {
  const { dialect, token, keepaliveMs = DEFAULT_TUNNEL_SETTINGS.keepaliveMs } = settings;
  const nodeTunnel: NodeTunnelSettings = {
    slot: ONLY_SLOT,
    node: nodeAddresses(node),
    dialect,
    token,
    keepaliveMs,
    registration: undefined,
    nonces: new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT),
    counters: new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES),
  };
  counters.add(nodeTunnel.slot, formatSocketAddress(node), nodeTunnel.counters);
  return nodeTunnel;
}

function nodeAddresses(node: SocketAddress): NodeTunnelSettings['node'] {
  const preferred = familyOf(node.host) ?? 'ipv4';
  return { ipv4: undefined, ipv6: undefined, [preferred]: node, preferred };
}

async function startThread(
  settings: ParsedTunnelSettings,
  nodeTunnels: Pick<WorkerInput, 'nodeTunnels' | 'via' | 'ways'>,
  counters: CounterBook,
  fleet?: Fleet,
): Promise<RunningTunnel> {
  const input: WorkerInput = {
    settings,
    ...nodeTunnels,
    udpCounters: new SharedArrayBuffer(UDP_COUNTERS_BYTES),
    localCounters: new SharedArrayBuffer(LOCAL_COUNTERS_BYTES),
    fdLedger: createFdLedger(),
  };
  const worker = new Worker(WORKER, { workerData: input, name: 'lightspeed data plane' });
  let tunnel: RunningTunnel;
  try {
    tunnel = await begun(worker, input, counters, fleet);
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
function begun(worker: Worker, input: WorkerInput, counters: CounterBook, fleet?: Fleet): Promise<RunningTunnel> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const fail = (code: ClientErrorCode, message: string, cause?: unknown) => {
      finish();
      reject(new ClientError(code, message, { cause }));
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.type === 'refused') return fail('ERR_CLIENT_OPEN', message.message);
      if (message.type !== 'started') return fail('ERR_CLIENT_WORKER', `the thread began with '${message.type}'`);
      finish();
      resolve(new RunningTunnel(worker, input, message, counters, fleet));
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
