import type { ControlMessage, Register } from '@lightspeed/control';
import type { ControlConnection } from '@lightspeed/control/quic';
import { expect, it, vi } from 'vitest';
import { ClientConnection } from '../src/control/client-connection.ts';
import type { ControlHost } from '../src/control/client-connection.ts';

const REGISTER: Register = { type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'test', extensions: [] };
const PEER = { host: '127.0.0.1', port: 5_000 };

it('a Register that is not decided yet is void once the node has ended its connection because of a second one', async () => {
  const decision = Promise.withResolvers<undefined>();
  const register = vi.fn<ControlHost['register']>(() => ({ type: 'undecided', until: decision.promise }));
  const closeAfter = vi.fn<ControlConnection['closeAfter']>(() => new Promise(() => undefined));
  const streamOf = (message: ControlMessage) => ({
    messages: async function* () {
      yield await Promise.resolve(message);
    },
  });
  const connection = {
    peer: PEER,
    // The farewell is on its way.
    closed: undefined,
    closeAfter,
    streams: async function* () {
      yield await Promise.resolve(streamOf(REGISTER));
      yield streamOf(REGISTER);
      await new Promise(() => undefined);
    },
  };
  void new ClientConnection(connection as unknown as ControlConnection, { register } as unknown as ControlHost).serve();
  await vi.waitFor(() => expect(closeAfter).toHaveBeenCalledOnce());
  decision.resolve(undefined);
  await decision.promise;
  await new Promise(setImmediate);
  expect(register).toHaveBeenCalledOnce();
});

it('a Register that comes after the node has ended its connection is not decided at all', async () => {
  const dismissed = Promise.withResolvers<undefined>();
  const register = vi.fn<ControlHost['register']>(() => ({ type: 'undecided', until: new Promise(() => undefined) }));
  const hasCome = Promise.withResolvers<undefined>();
  const connection = {
    peer: PEER,
    // The farewell is on its way.
    closed: undefined,
    closeAfter: () => new Promise(() => undefined),
    streams: async function* () {
      await dismissed.promise;
      yield {
        messages: async function* () {
          yield await Promise.resolve(REGISTER);
          hasCome.resolve(undefined);
        },
      };
      await new Promise(() => undefined);
    },
  };
  const served = new ClientConnection(connection as unknown as ControlConnection, { register } as unknown as ControlHost);
  void served.serve();
  void served.dismiss('timeout', 'no registration came');
  dismissed.resolve(undefined);
  // It is asked for more only when the Register was taken, unless that waits for a decision.
  await Promise.race([hasCome.promise, vi.waitFor(() => expect(register).toHaveBeenCalled())]);
  expect(register).not.toHaveBeenCalled();
});
