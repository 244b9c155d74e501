import { Socket } from 'node:net';
import { CaptureSession } from './session.ts';
import { peerOf } from './sockets.ts';

/*
 * The helper of one game in a network namespace, of which it is the root. It serves the client at the other end of a
 * connection that it is given, and ends with it.
 */

/** The descriptor of the connection. */
const CONNECTION_FD = 3;

const session = new CaptureSession(
  {
    groups: undefined,
    isInNamespace: true,
    mayBeGateway: () => false,
    takeNumber: () => 1,
    giveBack: () => undefined,
    countRequest: () => true,
    forgetRequests: () => undefined,
    log: () => undefined,
  },
  new Socket({ fd: CONNECTION_FD }),
  CONNECTION_FD,
  peerOf(CONNECTION_FD),
);
await session.serve();
