import { expect, test } from 'vitest';
import { ControlError, decode, encode } from '@lightspeed/control';
import type { ControlErrorCode, OutgoingMessage } from '@lightspeed/control';
import type { Dialect } from '@lightspeed/wire';

const register = { type: 'register', dialect: 'standard', gameId: 2, clientVersion: '1' } as const;
const ack = { type: 'register_ack', sessionId: 42, token: 1, nodeId: 'a', region: 'b' } as const;
const info = { type: 'server_info', dialect: 'reference', loadPercent: 1, activeSessions: 2, capacity: 3 } as const;
const probe = { type: 'probe', requestId: 1, ip: 1, port: 1, kind: 1, count: 1, spacingMs: 0, maxAgeSecs: 0 } as const;
const probed = { type: 'probe_result', requestId: 1, refusal: 0, ageSecs: 0, origin: 0, samplesUs: [] } as const;
const report = { type: 'report', sessionId: 42, expected: 9, received: 8, late: 2, recovered: 1 } as const;
const oneExtension = (bytes: number) => ({ extensions: [{ id: 1, value: new Uint8Array(bytes) }] });

const cases: readonly [string, OutgoingMessage, Dialect, ControlErrorCode][] = [
  ['a negative timestamp', { type: 'ping', timestampUs: -1n }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a timestamp of 65 bits', { type: 'ping', timestampUs: 1n << 64n }, 'reference', 'ERR_CONTROL_FIELD_RANGE'],
  ['a game id of 256', { ...register, gameId: 256 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['half a game id', { ...register, gameId: 0.5 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a session id of 33 bits', { ...ack, sessionId: 2 ** 32 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a negative token', { ...ack, token: -1 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a capacity of NaN', { ...info, capacity: NaN }, 'reference', 'ERR_CONTROL_FIELD_RANGE'],
  ['a session id of 2^32 in tags', { type: 'tags', sessionId: 2 ** 32 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a negative number of late packets', { ...report, late: -1 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a probe of port 2^16', { ...probe, port: 2 ** 16 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a probe in reference', probe, 'reference', 'ERR_CONTROL_DIALECT_MISMATCH'],
  ['a result of 256 samples', { ...probed, samplesUs: Array.from({ length: 256 }, () => 1) }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['a result in reference', probed, 'reference', 'ERR_CONTROL_DIALECT_MISMATCH'],
  ['a report in reference', report, 'reference', 'ERR_CONTROL_DIALECT_MISMATCH'],
  ['tags in reference', { type: 'tags', sessionId: 1 }, 'reference', 'ERR_CONTROL_DIALECT_MISMATCH'],
  ['a reason of 256', { type: 'disconnect', reason: 256 }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['an extension id of 256', { ...ack, extensions: [{ id: 256, value: new Uint8Array(0) }] }, 'standard', 'ERR_CONTROL_FIELD_RANGE'],
  ['no client version', { ...register, clientVersion: '' }, 'standard', 'ERR_CONTROL_VERSION_EMPTY'],
  ['a version of 256 bytes', { ...register, clientVersion: 'x'.repeat(256) }, 'standard', 'ERR_CONTROL_TEXT_TOO_LONG'],
  ['a region of 256 bytes in 128 characters', { ...ack, region: 'é'.repeat(128) }, 'standard', 'ERR_CONTROL_TEXT_TOO_LONG'],
  ['half a surrogate pair', { ...ack, nodeId: '\ud800' }, 'reference', 'ERR_CONTROL_TEXT_INVALID'],
  ['a message of 4,097 bytes', { type: 'disconnect', reason: 'normal', ...oneExtension(4092) }, 'standard', 'ERR_CONTROL_MESSAGE_TOO_LONG'],
  ['an extension of 70,000 bytes', { ...ack, ...oneExtension(70_000) }, 'standard', 'ERR_CONTROL_MESSAGE_TOO_LONG'],
  ['a Register of the other dialect', register, 'reference', 'ERR_CONTROL_DIALECT_MISMATCH'],
  ['a ServerInfo of the other dialect', info, 'standard', 'ERR_CONTROL_DIALECT_MISMATCH'],
];

test.each(cases)('%s', (_, message, dialect, code) => {
  expect(() => encode(message, dialect)).toThrow(expect.objectContaining({ name: 'ControlError', code }));
  expect(() => encode(message, dialect)).toThrow(ControlError);
});

test('a text of exactly 255 bytes can be said', () => {
  const clientVersion = `x${'é'.repeat(127)}`;
  expect(decode(encode({ ...register, clientVersion }, 'standard'), 'standard')).toMatchObject({ clientVersion });
});
