import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { formatAddressWords, parseAddressWords } from '@lightspeed/wire';
import { ControlError, requireInteger } from './control-error.ts';
import { codec, readU32, u32s } from './extension-codec.ts';
import type { ExtensionCodec } from './extension-codec.ts';
import { ExtensionId } from './extension-id.ts';

/** RegisterAck: where the session's packets go, `ip u32, port u16`; ip 0 is the address of the control connection. */
export const dataAddressExtension = ipv4Codec(ExtensionId.dataAddress);

/** RegisterAck: the address that the node sees the client at, `ip u32, port u16`. */
export const observedAddressExtension = ipv4Codec(ExtensionId.observedAddress);

/** RegisterAck: the address that a game server will see, `ip u32, port u16`; port 0 when it is not known beforehand. */
export const egressAddressExtension = ipv4Codec(ExtensionId.egressAddress);

/**
 * RegisterAck: where the session's packets go, `ip 16 bytes, port u16`, an IPv4 address in IPv6 form; `::` is the address of
 * the control connection.
 */
export const dataAddressV6Extension = ipv6Codec(ExtensionId.dataAddressV6);

/** RegisterAck: the address that the node sees the client at, `ip 16 bytes, port u16`, an IPv4 address in IPv6 form. */
export const observedAddressV6Extension = ipv6Codec(ExtensionId.observedAddressV6);

const IPV6_BYTES = 16;

function ipv4Codec(id: number): ExtensionCodec<Endpoint> {
  return codec<Endpoint>(
    id,
    ({ ip, port }) => joined(u32s(ip), portBytes(port)),
    (value) => {
      const ip = readU32(value, 0);
      const port = readPort(value, 4);
      return ip === undefined || port === undefined ? undefined : { ip, port };
    },
  );
}

/** What is read is in the form of RFC 5952; the scope of a link-local address is not sent. */
function ipv6Codec(id: number): ExtensionCodec<SocketAddress> {
  return codec<SocketAddress>(
    id,
    ({ host, port }) => {
      const address = parseAddressWords(host);
      if (address === undefined)
        throw new ControlError('ERR_CONTROL_FIELD_RANGE', `host must be an IP address, got ${JSON.stringify(host)}`);
      return joined(u32s(...address.words.map((word) => word >>> 0)), portBytes(port));
    },
    (value) => {
      const port = readPort(value, IPV6_BYTES);
      if (port === undefined) return undefined;
      const word = (index: number) => (readU32(value, 4 * index) ?? 0) | 0;
      return { host: formatAddressWords(word(0), word(1), word(2), word(3)), port };
    },
  );
}

function portBytes(port: number): Uint8Array {
  requireInteger('port', port, 0xffff);
  return Uint8Array.of(port >> 8, port & 0xff);
}

function readPort(value: Uint8Array, at: number): number | undefined {
  return value.length < at + 2 ? undefined : (value[at] << 8) | value[at + 1];
}

function joined(ip: Uint8Array, port: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ip.length + port.length);
  bytes.set(ip);
  bytes.set(port, ip.length);
  return bytes;
}
