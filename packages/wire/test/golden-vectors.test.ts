import { describe, expect, it } from 'vitest';
import {
  DROP_REASON_NAMES,
  FecHeader,
  TunnelHeader,
  checkPacket,
  checkTaggedPacket,
  formatEndpoint,
  hasTag,
  isDropReason,
  parseEndpoint,
} from '@lightspeed/wire';
import type { Dialect, Endpoint } from '@lightspeed/wire';
import vectors from './vectors/packets.json' with { type: 'json' };

function bytesOf(hex: string): Uint8Array {
  const repeated = /^(..)\*(\d+)$/.exec(hex);
  const digits = repeated ? (repeated[1] ?? '').repeat(Number(repeated[2])) : hex.replaceAll(' ', '');
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed === undefined) throw new Error(`the vector has a bad endpoint: ${text}`);
  return parsed;
}

describe('every valid vector', () => {
  for (const vector of vectors.valid) {
    const dialect = vector.dialect as Dialect;
    const head = bytesOf(vector.hex);
    const payload = bytesOf(vector.payload);
    const packet = new Uint8Array([...head, ...payload]);

    it(`decodes: ${vector.name}`, () => {
      const decoded = TunnelHeader.decodeWithPayload(packet, dialect);
      if (isDropReason(decoded)) throw new Error(`refused: ${DROP_REASON_NAMES[decoded]}`);
      const { header } = decoded;
      expect([...decoded.payload]).toEqual([...payload]);
      const { version, flags, token, sequence, timestampUs, kind, fec, tag } = header;
      expect({
        version,
        flags,
        token,
        sequence,
        timestampUs,
        source: formatEndpoint(header.source.ip, header.source.port),
        destination: formatEndpoint(header.destination.ip, header.destination.port),
        kind,
        ...(fec && { fec: { groupId: fec.groupId, index: fec.index, size: fec.size, parity: fec.parity } }),
        ...(tag !== undefined && { tag }),
      }).toEqual(vector.fields);
    });

    it(`encodes byte for byte: ${vector.name}`, () => {
      const { fields } = vector;
      const fec = 'fec' in fields ? fields.fec : undefined;
      const header = new TunnelHeader({
        flags: fields.flags,
        token: fields.token,
        sequence: fields.sequence,
        timestampUs: fields.timestampUs,
        source: endpoint(fields.source),
        destination: endpoint(fields.destination),
        fec: fec && (fec.parity ? FecHeader.parity(fec.groupId, fec.size) : FecHeader.data(fec.groupId, fec.index, fec.size)),
        tag: 'tag' in fields ? fields.tag : undefined,
      });
      expect(header.encodeWithPayload(payload, dialect)).toEqual(packet);
      expect(header.encode(dialect)).toEqual(head);
      expect(header.encodeToArray()).toEqual(head.slice(0, 20));
    });
  }
});

describe('every invalid vector gives its reason', () => {
  for (const vector of vectors.invalid) {
    it(vector.name, () => {
      const bytes = bytesOf(vector.hex);
      const dialect = vector.dialect as Dialect;
      const refusal = TunnelHeader.decode(bytes, dialect);
      expect(isDropReason(refusal) && DROP_REASON_NAMES[refusal]).toBe(vector.reason);
      const isTagged = dialect === 'standard' && hasTag(bytes, 0, bytes.length);
      const checked = isTagged ? checkTaggedPacket(bytes, 0, bytes.length) : checkPacket(bytes, 0, bytes.length, dialect);
      expect(DROP_REASON_NAMES[checked]).toBe(vector.reason);
    });
  }
});
