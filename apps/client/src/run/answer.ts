import { formatSocketAddress } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { isRefused } from './refusal-probe.ts';
import type { RunningTunnel } from './running-tunnel.ts';

/** Resolves when the node has answered; see `RunningTunnel.established`. */
export async function awaitAnswer(tunnel: RunningTunnel, timeoutMs: number, failure: () => ClientError | undefined): Promise<void> {
  if (tunnel.answered) return;
  const outcome = await firstOutcome(tunnel, timeoutMs);
  if (outcome === 'answered') return;
  if (outcome === 'timeout') throw await explainSilence(tunnel, timeoutMs);
  throw failure() ?? new ClientError('ERR_CLIENT_CLOSED', 'the tunnel was closed before the node had answered');
}

function firstOutcome(tunnel: RunningTunnel, timeoutMs: number): Promise<'answered' | 'closed' | 'timeout'> {
  return new Promise((resolve) => {
    const finish = (outcome: 'answered' | 'closed' | 'timeout') => {
      clearTimeout(timer);
      tunnel.off('established', onEstablished);
      tunnel.off('closed', onClosed);
      resolve(outcome);
    };
    const onEstablished = () => finish('answered');
    const onClosed = () => finish('closed');
    const timer = setTimeout(() => finish('timeout'), timeoutMs);
    tunnel.on('established', onEstablished);
    tunnel.on('closed', onClosed);
  });
}

async function explainSilence(tunnel: RunningTunnel, timeoutMs: number): Promise<ClientError> {
  const { node, localPort } = tunnel;
  const { nodePacketsSent } = tunnel.stats().counters;
  const tried = `${nodePacketsSent} packets from UDP port ${localPort} within ${timeoutMs / 1_000} s`;
  const check = (await isRefused(node))
    ? 'its machine says that nothing listens on that port: is the node running, and is the port right?'
    : 'check its address and port, that firewalls let UDP through, and that the node admits you (token, dialect)';
  const name = formatSocketAddress(node);
  return new ClientError('ERR_CLIENT_NO_ANSWER', `no answer from node ${name} to ${tried}; ${check}`);
}
