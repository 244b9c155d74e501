import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { isRefused } from './refusal-probe.ts';

/** What {@link awaitAnswer} needs of a `RunningTunnel`. */
export interface AnsweredTunnel {
  readonly answered: boolean;
  readonly node: SocketAddress;
  readonly localPort: number;
  stats(): { readonly counters: { readonly nodePacketsSent: number } };
  on(event: 'established' | 'closed', listener: () => void): unknown;
  off(event: 'established' | 'closed', listener: () => void): unknown;
}

/** Resolves when the node has answered; see `RunningTunnel.established`. */
export async function awaitAnswer(tunnel: AnsweredTunnel, timeoutMs: number, failure: () => ClientError | undefined): Promise<void> {
  if (tunnel.answered) return;
  const outcome = await firstOutcome(tunnel, timeoutMs);
  if (outcome === 'answered') return;
  if (outcome === 'timeout') throw await explainSilence(tunnel, timeoutMs);
  throw failure() ?? new ClientError('ERR_CLIENT_CLOSED', 'the tunnel was closed before the node had answered');
}

function firstOutcome(tunnel: AnsweredTunnel, timeoutMs: number): Promise<'answered' | 'closed' | 'timeout'> {
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

async function explainSilence(tunnel: AnsweredTunnel, timeoutMs: number): Promise<ClientError> {
  const { node, localPort } = tunnel;
  const { nodePacketsSent } = tunnel.stats().counters;
  const tried = `${nodePacketsSent} packets from UDP port ${localPort} within ${timeoutMs / 1_000} s`;
  const check = (await isRefused(node))
    ? 'its machine says that nothing listens on that port: is the node running, and is the port right?'
    : 'check its address and port, that firewalls let UDP through, and that the node admits you (token, dialect)';
  const name = formatSocketAddress(node);
  return new ClientError('ERR_CLIENT_NO_ANSWER', `no answer from node ${name} to ${tried}; ${check}`);
}
