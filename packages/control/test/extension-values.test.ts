import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  capabilitiesExtension,
  Capability,
  ControlError,
  dataAddressExtension,
  dataAddressV6Extension,
  drainingExtension,
  egressAddressExtension,
  ExtensionId,
  keepaliveIntervalExtension,
  limitsExtension,
  protectionExtension,
  loadExtension,
  observedAddressExtension,
  observedAddressV6Extension,
  reasonTextExtension,
  refusalCodeExtension,
  REFUSED_REASONS,
  probeOriginsExtension,
  probedRoutersExtension,
  refusedDestinationsExtension,
  refusedPacketsExtension,
  resumeExtension,
  resumeMessage,
  sessionSecretExtension,
  ticketExtension,
} from '@lightspeed/control';
import type { Extension, ExtensionCodec, RefusedDestination, RefusedPackets } from '@lightspeed/control';
import { canonicalAddress } from '@lightspeed/wire';
import { toHex } from './vectors.ts';

const u32 = fc.nat(0xffff_ffff);
const address = fc.record({ ip: u32, port: fc.nat(0xffff) });

const reason = fc.oneof(fc.constantFrom(...REFUSED_REASONS), fc.integer({ min: REFUSED_REASONS.length + 1, max: 0xff }), fc.constant(0));
const refusedPackets: fc.Arbitrary<RefusedPackets> = fc.record({ direction: fc.constantFrom('up', 'down'), reason, packets: u32 });
const refusedDestination: fc.Arbitrary<RefusedDestination> = fc.record({ ip: u32, port: fc.nat(0xffff), reason });

interface Kind {
  readonly name: string;
  readonly id: number;
  /** A property that holds for every value of the kind. */
  readonly comesBack: () => void;
  readonly example: Extension;
  /** What the example's value has to be. */
  readonly hex: string;
  readonly findIn: (extensions: readonly Extension[]) => unknown;
}

function kind<T>(name: string, codec: ExtensionCodec<T>, values: fc.Arbitrary<T>, example: T, hex: string): Kind {
  const noise = { id: 0x99, value: Uint8Array.of(1, 2, 3) };
  return {
    name,
    id: codec.id,
    comesBack: () => {
      fc.assert(
        fc.property(values, (value) => {
          expect(codec.find([noise, codec.encode(value)])).toEqual(value);
        }),
      );
    },
    example: codec.encode(example),
    hex,
    findIn: (extensions) => codec.find(extensions),
  };
}

const secret = Uint8Array.from({ length: 16 }, (_, at) => at);
const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 });
const limits = fc.record({ ratePps: u32, rateBps: u32 });
const load = fc.record({ activeSessions: u32, capacity: u32 });

const addressV6 = fc.record({ host: fc.oneof(fc.ipV6(), fc.ipV4()).map((text) => canonicalAddress(text) ?? '::'), port: fc.nat(0xffff) });

const resume = { sessionId: 0x01020304, nonce: 0x0506070809n, tag: secret };
const resumes = fc.record({ sessionId: u32, nonce: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn), tag: secrets });
const resumeHex = `01 02 03 04 00 00 00 05 06 07 08 09 ${Array.from(secret, (byte) => `0${byte.toString(16).toUpperCase()}`).join(' ')}`;

const byte = fc.nat(0xff);
const offers = fc.record({ forms: byte, deadlineMs: byte, budgetPercent: byte });

const fixedSize: readonly Kind[] = [
  kind('sessionSecret', sessionSecretExtension, secrets, secret, '00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F'),
  kind('dataAddress', dataAddressExtension, address, { ip: 0xcb007105, port: 4434 }, 'CB 00 71 05 11 52'),
  kind('keepaliveInterval', keepaliveIntervalExtension, u32, 5000, '00 00 13 88'),
  kind('observedAddress', observedAddressExtension, address, { ip: 0xffffffff, port: 65535 }, 'FF FF FF FF FF FF'),
  kind('egressAddress', egressAddressExtension, address, { ip: 0x01020304, port: 0 }, '01 02 03 04 00 00'),
  kind(
    'dataAddressV6',
    dataAddressV6Extension,
    addressV6,
    { host: '2001:db8::1', port: 4434 },
    '20 01 0D B8 00 00 00 00 00 00 00 00 00 00 00 01 11 52',
  ),
  kind(
    'observedAddressV6',
    observedAddressV6Extension,
    addressV6,
    { host: '203.0.113.5', port: 65535 },
    '00 00 00 00 00 00 00 00 00 00 FF FF CB 00 71 05 FF FF',
  ),
  kind('limits', limitsExtension, limits, { ratePps: 1000, rateBps: 1_000_000 }, '00 00 03 E8 00 0F 42 40'),
  kind('load', loadExtension, load, { activeSessions: 42, capacity: 10_000 }, '00 00 00 2A 00 00 27 10'),
  kind('draining', drainingExtension, u32, 30_000, '00 00 75 30'),
  kind('capabilities', capabilitiesExtension, u32, Capability.tags | Capability.challenge | Capability.reports, '00 00 00 07'),
  kind('protection', protectionExtension, offers, { forms: 15, deadlineMs: 30, budgetPercent: 120 }, '01 0F 1E 78'),
  kind('resume', resumeExtension, resumes, resume, resumeHex),
];
const kinds: readonly Kind[] = [
  ...fixedSize,
  kind('reasonText', reasonTextExtension, fc.string({ unit: 'grapheme' }), 'né', '6E C3 A9'),
  kind('refusalCode', refusalCodeExtension, fc.stringMatching(/^[a-z_]{1,40}$/), 'expired', '65 78 70 69 72 65 64'),
  kind('probedRouters', probedRoutersExtension, u32, 3, '00 00 00 03'),
  kind('probeOrigins', probeOriginsExtension, fc.array(u32, { maxLength: 10 }), [0x0808fd01, 0], '08 08 FD 01 00 00 00 00'),
  kind(
    'refusedPackets',
    refusedPacketsExtension,
    fc.array(refusedPackets, { maxLength: 32 }),
    [
      { direction: 'up', reason: 'rate_packets', packets: 300 },
      { direction: 'down', reason: 'oversize', packets: 1 },
      { direction: 'up', reason: 200, packets: 0xffff_ffff },
    ],
    '00 01 00 00 01 2C 01 08 00 00 00 01 00 C8 FF FF FF FF',
  ),
  kind(
    'refusedDestinations',
    refusedDestinationsExtension,
    fc.array(refusedDestination, { maxLength: 32 }),
    [{ ip: 0x0a000001, port: 27015, reason: 'destination_denied' }],
    '0A 00 00 01 69 87 03',
  ),
  kind('ticket', ticketExtension, fc.uint8Array(), Uint8Array.of(1, 2), '01 02'),
];

test('the ids are the ones of the protocol page, and every id has its kind', () => {
  expect(ExtensionId).toEqual({
    sessionSecret: 0x40,
    reasonText: 0x41,
    dataAddress: 0x42,
    keepaliveInterval: 0x43,
    ticket: 0x44,
    observedAddress: 0x45,
    egressAddress: 0x46,
    limits: 0x47,
    load: 0x48,
    draining: 0x49,
    resume: 0x4a,
    protection: 0x4b,
    capabilities: 0x4c,
    dataAddressV6: 0x4d,
    observedAddressV6: 0x4e,
    refusalCode: 0x4f,
    refusedPackets: 0x50,
    refusedDestinations: 0x51,
    probedRouters: 0x52,
    probeOrigins: 0x53,
  });
  expect(Object.fromEntries(kinds.map(({ name, id }) => [name, id]))).toEqual(ExtensionId);
});

describe.each(kinds)('$name', ({ example, hex, findIn, comesBack }) => {
  test('is these bytes', () => {
    expect(toHex(example.value)).toBe(hex);
  });

  test('comes back as it was, from among other extensions', () => {
    comesBack();
  });

  test('is not found where it is not', () => {
    expect(findIn([])).toBeUndefined();
    expect(findIn([{ id: 0x3f, value: example.value }])).toBeUndefined();
  });
});

describe.each(fixedSize)('$name', ({ example, findIn }) => {
  test('is not found when cut short, and the next one that is whole is', () => {
    const value = findIn([example]);
    for (let length = 0; length < example.value.length; length += 1) {
      const cut = { id: example.id, value: example.value.subarray(0, length) };
      expect(findIn([cut])).toBeUndefined();
      expect(findIn([cut, example])).toEqual(value);
    }
  });
});

test('bytes after the fields known today are ignored, so that fields can be added', () => {
  const longer = { id: ExtensionId.limits, value: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3) };
  expect(limitsExtension.find([longer])).toEqual({ ratePps: 1, rateBps: 2 });
});

test('of what was refused 32 entries count, those that are whole and mean something', () => {
  const value = new Uint8Array(6 * 40 + 3);
  for (let place = 0; place < 40; place++) value.set([place % 4, 1, 0, 0, 0, place], 6 * place);
  const found = refusedPacketsExtension.find([{ id: ExtensionId.refusedPackets, value }]);
  expect(found).toHaveLength(16);
  expect(found?.at(-1)).toEqual({ direction: 'down', reason: 'rate_packets', packets: 29 });
  const cut = { id: ExtensionId.refusedDestinations, value: new Uint8Array(7 + 6) };
  expect(refusedDestinationsExtension.find([cut])).toEqual([{ ip: 0, port: 0, reason: 0 }]);
  expect(() => refusedPacketsExtension.encode([{ direction: 'up', reason: 256, packets: 1 }])).toThrow(ControlError);
});

test('a secret of another length is none', () => {
  expect(sessionSecretExtension.find([{ id: ExtensionId.sessionSecret, value: new Uint8Array(17) }])).toBeUndefined();
  expect(() => sessionSecretExtension.encode(new Uint8Array(15))).toThrow(ControlError);
});

test('a reason that is no UTF-8 is none, and one that is no Unicode cannot be sent', () => {
  expect(reasonTextExtension.find([{ id: ExtensionId.reasonText, value: Uint8Array.of(0xff) }])).toBeUndefined();
  expect(() => reasonTextExtension.encode('\ud800')).toThrow(expect.objectContaining({ code: 'ERR_CONTROL_TEXT_INVALID' }));
});

test.each([-1, 0.5, 2 ** 32, NaN])('numbers that do not fit are errors: %s', (value) => {
  expect(() => keepaliveIntervalExtension.encode(value)).toThrow(expect.objectContaining({ code: 'ERR_CONTROL_FIELD_RANGE' }));
  expect(() => dataAddressExtension.encode({ ip: value, port: 1 })).toThrow(ControlError);
  expect(() => dataAddressExtension.encode({ ip: 1, port: value })).toThrow(ControlError);
});

test.each(['', 'name', '[::1]', '1.2.3'])('a host that is no address is an error: %j', (host) => {
  expect(() => dataAddressV6Extension.encode({ host, port: 1 })).toThrow(ControlError);
});

test('an address of a link is sent without the number of its interface', () => {
  const sent = observedAddressV6Extension.encode({ host: 'fe80::1%3', port: 1 });
  expect(observedAddressV6Extension.find([sent])).toEqual({ host: 'fe80::1', port: 1 });
});

test('a resume authenticates its label, the session id and the nonce', () => {
  expect(toHex(resumeMessage(0x01020304, 0x0506070809n))).toBe('6C 73 74 70 2D 72 65 73 75 6D 65 01 02 03 04 00 00 00 05 06 07 08 09');
});

test.each([-1n, 2n ** 64n])('a nonce that is no u64 is an error: %s', (nonce) => {
  const range = expect.objectContaining({ code: 'ERR_CONTROL_FIELD_RANGE' }) as Error;
  expect(() => resumeMessage(1, nonce)).toThrow(range);
  expect(() => resumeExtension.encode({ sessionId: 1, nonce, tag: secret })).toThrow(range);
  expect(() => resumeExtension.encode({ sessionId: 1, nonce: 1n, tag: new Uint8Array(15) })).toThrow(range);
});
