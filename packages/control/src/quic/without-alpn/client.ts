import { reasonOf } from '../quic-error.ts';
import type { Dialing, DialOptions, TransportClose } from '../transport.ts';
import type { BridgeEvent } from './bridge-messages.ts';
import { BridgeProcess, cannotBegin } from './bridge-process.ts';
import { BridgeTransport } from './bridge-transport.ts';
import { tlsAlertOf } from './failures.ts';

const AUTHORITY = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Connects with a node that negotiates no application protocol. Its certificate is checked by authorities or not at all:
 * Deno shows it to nobody.
 */
export function dialWithoutAlpn(options: DialOptions): Dialing {
  const { address, serverName, authoritiesPem, idleTimeoutMs, keepaliveMs, maxStreams } = options;
  const { promise: ready, resolve, reject } = Promise.withResolvers<undefined>();
  ready.catch(() => undefined);
  let close: TransportClose | undefined;
  const end = (ended: TransportClose | undefined, error: Error): void => {
    close ??= ended;
    reject(error);
    transport.ended(ended ?? { code: 0, reason: reasonOf(error) });
  };
  const take = (event: BridgeEvent): void => {
    if (event.event === 'connected') resolve(undefined);
    else if (event.event === 'closed') end(event, new Error(event.reason));
    else if (event.event === 'unable') end(refusal(event.why), new Error(event.why));
    else if ('stream' in event) transport.take(event);
  };
  const bridge = new BridgeProcess(
    {
      command: 'connect',
      host: address.host,
      port: address.port,
      serverName,
      authoritiesPem: authoritiesPem?.match(AUTHORITY) ?? [],
      idleTimeoutMs,
      keepaliveMs,
      maxStreams,
    },
    { event: take, exited: (why) => end(undefined, cannotBegin(why)) },
    authoritiesPem === undefined,
  );
  const transport = new BridgeTransport(0, address, 'client', (command) => {
    bridge.tell(command);
    // Also while the handshake goes on: the process has nothing else to do.
    if (command.command === 'close') void bridge.end();
  });
  return {
    transport,
    ready,
    ticket: new Promise(() => undefined),
    closed: () => close,
    runtime: () => ({ mode: 'deno', driver: 'quinn', fellBack: undefined }),
  };
}

function refusal(why: string): TransportClose | undefined {
  const alert = tlsAlertOf(why);
  return alert === undefined ? undefined : { code: alert, reason: why };
}
