import type { PacketExplanation } from './explain-packet.ts';
import { flagNames } from './fields.ts';
import type { Field } from './fields.ts';

/** Bytes of a field that a table shows. */
const SHOWN_BYTES = 8;
const DIGITS_PER_BYTE = 3;

/** Marks up text where the terminal can. */
export interface Markup {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** An explanation as lines: a summary, a table of the fields, and what to try. */
export function renderTable(explanation: PacketExplanation, markup: Markup): string[] {
  const { refusal, fields, summary } = explanation;
  const heading = refusal === undefined ? markup.strong(summary) : markup.bad(summary);
  const rows = [['offset', 'bytes', 'field', 'value', 'meaning'], ...fields.map(cells)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const table = rows.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    return index === 0 ? markup.faint(line) : line;
  });
  const hint = refusal?.hint === undefined ? [] : [refusal.hint];
  return fields.length === 0 ? [heading, ...hint] : [heading, ...table, ...hint];
}

function cells(field: Field): string[] {
  const limit = SHOWN_BYTES * DIGITS_PER_BYTE - 1;
  const bytes = field.hex.length > limit ? `${field.hex.slice(0, limit)} ...` : field.hex;
  return [String(field.offset), bytes, field.name, `${field.value}${field.unit}`, field.meaning];
}

/** An explanation as an object for `JSON.stringify`. */
export function renderJson(explanation: PacketExplanation, bytes: Uint8Array): object {
  const { dialect, lengthBytes, refusal, header, fields, blocks } = explanation;
  return {
    valid: refusal === undefined,
    ...(refusal === undefined ? {} : { reason: refusal.reason, explanation: refusal.words, hint: refusal.hint }),
    dialect,
    lengthBytes,
    ...(header === undefined ? {} : headerJson(explanation, header, bytes)),
    ...(blocks === undefined ? {} : { blocks }),
    fields: fields.map(({ offset, length, hex, name, value, meaning }) => ({ offset, length, hex, name, value, meaning })),
  };
}

function headerJson({ dialect, fields }: PacketExplanation, header: NonNullable<PacketExplanation['header']>, bytes: Uint8Array): object {
  const { version, kind, token, sequence, timestampUs, fec, tag } = header;
  const valueOf = (name: string) => fields.find((field) => field.name === name)?.value;
  const start = header.byteLength(dialect);
  const content = fields.find(({ name }) => name === 'parity content');
  return {
    kind,
    version,
    flags: flagNames(header.flags),
    token,
    sequence,
    timestampUs,
    source: { ip: valueOf('source IP'), port: header.source.port },
    destination: { ip: valueOf('destination IP'), port: header.destination.port },
    ...(fec === undefined ? {} : { fec: { groupId: fec.groupId, index: fec.index, size: fec.size, parity: fec.parity } }),
    ...(tag === undefined ? {} : { tag }),
    payload: { offset: start, length: bytes.length - start, hex: Buffer.from(bytes.subarray(start)).toString('hex') },
    ...(content === undefined ? {} : { parity: { contentBytes: content.length, lengthsXor: valueOf('XOR of lengths') } }),
  };
}
