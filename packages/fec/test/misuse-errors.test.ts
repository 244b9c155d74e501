import { expect, it } from 'vitest';
import { FecHeader } from '@lightspeed/wire';
import { FEC_BLOCK_BYTES, FecDecoder, FecEncoder, FecError, FecMemory, GROUP_SIZE_LIMITS } from '@lightspeed/fec';

const memory = FecMemory.allocate(1);
const empty = FecMemory.allocate(0);
const block = memory.take();
const payload = new Uint8Array(4);

const cases = [
  ...[0, 33, -1, 2.5, NaN].map((size) => ({
    what: `a group size of ${size}`,
    code: 'ERR_FEC_GROUP_SIZE',
    misuse: () => new FecEncoder(size),
  })),
  { what: 'a first group id over 65,535', code: 'ERR_FEC_GROUP_ID', misuse: () => new FecEncoder(4, { firstGroupId: 65_536 }) },
  { what: 'an age of 0', code: 'ERR_FEC_MAX_AGE', misuse: () => new FecDecoder({ maxAgeMs: 0 }) },
  { what: 'an age over 10 s', code: 'ERR_FEC_MAX_AGE', misuse: () => new FecDecoder({ maxAgeMs: 10_001 }) },
  { what: 'a region past the end', code: 'ERR_FEC_MEMORY_REGION', misuse: () => new FecMemory(new Uint8Array(9), 5, 5) },
  { what: 'a region before the start', code: 'ERR_FEC_MEMORY_REGION', misuse: () => new FecMemory(new Uint8Array(9), -1, 5) },
  { what: 'a region of half bytes', code: 'ERR_FEC_MEMORY_REGION', misuse: () => new FecMemory(new Uint8Array(9), 0.5, 5) },
  { what: 'a negative number of blocks', code: 'ERR_FEC_MEMORY_REGION', misuse: () => FecMemory.allocate(-1) },
  { what: 'an offset that is no block', code: 'ERR_FEC_MEMORY_BLOCK', misuse: () => memory.release(block + 1) },
  { what: 'a block past the end', code: 'ERR_FEC_MEMORY_BLOCK', misuse: () => memory.release(block + FEC_BLOCK_BYTES) },
  { what: 'the offset -1 of an exhausted memory', code: 'ERR_FEC_MEMORY_BLOCK', misuse: () => memory.release(-1) },
  {
    what: 'a block that is released twice',
    code: 'ERR_FEC_MEMORY_BLOCK',
    misuse: () => {
      const own = FecMemory.allocate(1);
      const taken = own.take();
      own.release(taken);
      own.release(taken);
    },
  },
  { what: 'a payload of 1,445 bytes', code: 'ERR_FEC_PAYLOAD_LENGTH', misuse: () => new FecEncoder(4).addPacket(new Uint8Array(1445)) },
  {
    what: 'a packet without a block',
    code: 'ERR_FEC_MEMORY_EXHAUSTED',
    misuse: () => new FecEncoder(4, { memory: empty }).addPacket(payload),
  },
  { what: 'parity as data', code: 'ERR_FEC_HEADER_KIND', misuse: () => new FecDecoder().receiveData(FecHeader.parity(1, 4), payload, 0) },
  {
    what: 'data as parity',
    code: 'ERR_FEC_HEADER_KIND',
    misuse: () => new FecDecoder().receiveParity(FecHeader.data(1, 0, 4), payload, 0),
  },
];

it.each(cases)('$what is refused with $code', ({ code, misuse }) => {
  expect(misuse).toThrow(expect.objectContaining({ name: 'FecError', code }));
  expect(misuse).toThrow(FecError);
  expect(misuse).toThrow(RangeError);
});

it('every size within the limits of each dialect makes an encoder', () => {
  for (const { min, max, default: usual } of Object.values(GROUP_SIZE_LIMITS)) {
    for (const size of [min, usual, max]) expect(new FecEncoder(size).size).toBe(size);
  }
  expect(GROUP_SIZE_LIMITS.reference).toEqual({ min: 2, max: 16, default: 4 });
});
