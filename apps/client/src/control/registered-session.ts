import { agreeOn } from '@lightspeed/session';
import type { ProtectionTerms } from '@lightspeed/session';
import {
  Capability,
  capabilitiesExtension,
  protectionExtension,
  dataAddressExtension,
  dataAddressV6Extension,
  egressAddressExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  observedAddressExtension,
  observedAddressV6Extension,
  sessionSecretExtension,
} from '@lightspeed/control';
import type { Extension, RegisterAck, SessionLimits } from '@lightspeed/control';
import { formatIpv4, isUnspecified } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { familyOf } from '../settings/addresses.ts';
import type { Family } from '../settings/addresses.ts';
import type { KeptSession } from '../settings/session-store.ts';
import type { NodeAddresses } from '../tunnel/messages.ts';
import { printable } from '../base/printable.ts';

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
  readonly data: NodeAddresses;
  /** How often the node wants keepalives, if it says so. */
  readonly keepaliveMs: number | undefined;
  readonly limits: SessionLimits | undefined;
  /** Whether the node lets others through than the game servers to which programs have sent. */
  readonly hearsAnySource: boolean;
  /** Whether the node measures round trips to game servers for us. */
  readonly measures: boolean;
  /** What we and the node have agreed on for protection; undefined for nothing. */
  readonly protection: ProtectionTerms | undefined;
  /** The address that the node sees us at. */
  readonly observed: SocketAddress | undefined;
  /** The address that game servers will see; port 0 if it is not known beforehand. */
  readonly egress: Endpoint | undefined;
}

/** A session that we had before, as far as it takes to ask for it again. */
export type EarlierSession = Pick<RegisteredSession, 'sessionId' | 'token' | 'secret' | 'nonces'>;

/** The session of an earlier run. */
export function earlierSession({ sessionId, token, secret, nonces }: KeptSession): EarlierSession {
  const counter = new BigUint64Array(new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT));
  counter[0] = nonces;
  return { sessionId, token, secret, nonces: counter.buffer };
}

/** What to keep of a session. @returns undefined if it cannot be asked for again. */
export function keptOf({ sessionId, token, secret }: RegisteredSession, nonces: bigint): KeptSession | undefined {
  return secret && { sessionId, token, secret, nonces };
}

/** How a node was reached, and what else is known of where it is. */
export interface ReachedNode {
  /** The address at which the control connection has reached it. */
  readonly host: string;
  /** The addresses of its name, or the one that it was named by. */
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** The port that its data plane has unless it names one. */
  readonly dataPort: number;
}

/**
 * Reads a RegisterAck.
 * @param own what we have said of protection.
 * @param before the session that was asked for again, if any: it keeps its nonces.
 */
export function sessionOf(
  ack: RegisterAck,
  reached: ReachedNode,
  own: ProtectionTerms | undefined,
  before: EarlierSession | undefined,
): RegisteredSession {
  const { sessionId, token, extensions } = ack;
  const secret = sessionSecretExtension.find(extensions)?.slice();
  const capabilities = capabilitiesExtension.find(extensions) ?? 0;
  const resumed = before?.sessionId === sessionId && before.token === token && sameBytes(before.secret, secret);
  return {
    sessionId,
    token,
    secret,
    nonces: resumed ? before.nonces : new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT),
    nodeId: printable(ack.nodeId),
    region: printable(ack.region),
    data: dataAddresses(extensions, reached),
    keepaliveMs: keepaliveIntervalExtension.find(extensions),
    limits: limitsExtension.find(extensions),
    hearsAnySource: (capabilities & Capability.anySource) !== 0,
    measures: (capabilities & Capability.probes) !== 0,
    protection: agreeOn(own, protectionExtension.find(extensions)),
    observed: observedAddress(extensions),
    egress: egressAddressExtension.find(extensions),
  };
}

/** Whether the data plane can go on as it is, with the session that it had. */
export function goesOn({ nonces, data }: RegisteredSession, before: RegisteredSession | undefined): boolean {
  return nonces === before?.nonces && sameAddress(data.ipv4, before.data.ipv4) && sameAddress(data.ipv6, before.data.ipv6);
}

function sameAddress(a: SocketAddress | undefined, b: SocketAddress | undefined): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}

function observedAddress(extensions: readonly Extension[]): SocketAddress | undefined {
  const ipv4 = observedAddressExtension.find(extensions);
  return observedAddressV6Extension.find(extensions) ?? (ipv4 && fromEndpoint(ipv4));
}

/**
 * Where the node's packets go, by family (docs/protocol.md, Extensions): where it says, or at the address of the control
 * connection. A node that names no address of its own has its data plane where its control plane is. So the other address
 * of its name is its too.
 */
function dataAddresses(extensions: readonly Extension[], { host, ipv4, ipv6, dataPort }: ReachedNode): NodeAddresses {
  const said4 = dataAddressExtension.find(extensions);
  const said = [said4 && fromEndpoint(said4), dataAddressV6Extension.find(extensions)].filter((address) => address !== undefined);
  const named = said.filter((address) => !isUnspecified(address.host));
  const here = said.find((address) => isUnspecified(address.host)) ?? (said.length === 0 ? { host, port: dataPort } : undefined);
  const own = here === undefined ? [] : [{ host, port: here.port }];
  if (here !== undefined && named.length === 0) {
    for (const address of [ipv4, ipv6]) if (address !== undefined) own.push({ host: address, port: here.port });
  }
  const all = [...named, ...own].filter((address) => address.port !== 0);
  if (all.length === 0) {
    const why = `it names no port of its data plane; its control connection is at ${host}`;
    throw new ClientError('ERR_CLIENT_REGISTER', `the node cannot be used: ${why}`);
  }
  const of = (family: Family) => all.find((address) => familyOf(address.host) === family);
  const reached = familyOf(host) ?? 'ipv4';
  const other = reached === 'ipv4' ? 'ipv6' : 'ipv4';
  return { ipv4: of('ipv4'), ipv6: of('ipv6'), preferred: of(reached) === undefined ? other : reached };
}

function fromEndpoint({ ip, port }: Endpoint): SocketAddress {
  return { host: formatIpv4(ip), port };
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
