import {
  dataAddressExtension,
  egressAddressExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  observedAddressExtension,
  sessionSecretExtension,
} from '@lightspeed/control';
import type { RegisterAck, SessionLimits } from '@lightspeed/control';
import { formatEndpoint, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { printable } from './printable.ts';

/** What a node has given us. */
export interface RegisteredSession {
  readonly sessionId: number;
  readonly token: number;
  /** Undefined from a node that knows no proofs: the session then has one path and cannot move. */
  readonly secret: Uint8Array | undefined;
  /** The nonce of its next proof or resumption, one u64 that all who make them count up. */
  readonly nonces: SharedArrayBuffer;
  /** As the node names itself; safe to print. */
  readonly nodeId: string;
  readonly region: string;
  /** Where its packets go. */
  readonly data: Endpoint;
  /** How often the node wants keepalives, if it says so. */
  readonly keepaliveMs: number | undefined;
  readonly limits: SessionLimits | undefined;
  /** The address that the node sees us at. */
  readonly observed: Endpoint | undefined;
  /** The address that game servers will see; port 0 if it is not known beforehand. */
  readonly egress: Endpoint | undefined;
}

/**
 * Reads a RegisterAck.
 * @param reached the address at which the control connection has reached the node, and the port that its data plane has
 * unless it names one.
 * @param before the session that was asked for again, if any: it keeps its nonces.
 */
export function sessionOf(
  ack: RegisterAck,
  reached: { readonly host: string; readonly dataPort: number },
  before: RegisteredSession | undefined,
): RegisteredSession {
  const { sessionId, token, extensions } = ack;
  const secret = sessionSecretExtension.find(extensions)?.slice();
  const resumed = before?.sessionId === sessionId && before.token === token && sameBytes(before.secret, secret);
  return {
    sessionId,
    token,
    secret,
    nonces: resumed ? before.nonces : new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT),
    nodeId: printable(ack.nodeId),
    region: printable(ack.region),
    data: dataAddress(dataAddressExtension.find(extensions), reached),
    keepaliveMs: keepaliveIntervalExtension.find(extensions),
    limits: limitsExtension.find(extensions),
    observed: observedAddressExtension.find(extensions),
    egress: egressAddressExtension.find(extensions),
  };
}

function dataAddress(said: Endpoint | undefined, { host, dataPort }: { readonly host: string; readonly dataPort: number }): Endpoint {
  const { ip, port } = said ?? { ip: 0, port: dataPort };
  const address = ip === 0 ? parseIpv4(host) : ip;
  if (address !== undefined && port !== 0) return { ip: address, port };
  const named = said === undefined ? 'none' : formatEndpoint(ip, port);
  const why = `its data plane has no IPv4 address (it names ${named}, its control connection is at ${host})`;
  throw new ClientError('ERR_CLIENT_REGISTER', `the node cannot be used: ${why}`);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
