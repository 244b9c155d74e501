const NS_PER_S = 1_000_000_000n;
const FIXED_BYTES = 8;
const OPTION_HEAD_BYTES = 4;
const Option = { end: 0, timeResolution: 9, timeOffset: 14 } as const;
const MICROSECONDS = 1_000_000n;

/** What a pcapng file says of an interface. */
export interface CaptureInterface {
  readonly linkType: number;
  /** Most bytes that were kept of a frame; 0 for no limit. */
  readonly snapBytes: number;
  /** Units of its times in a second. */
  readonly unitsPerSecond: bigint;
  /** Added to its times. */
  readonly offsetSeconds: bigint;
}

/** Reads the body of an Interface Description Block. @returns undefined if it is too short for its fields. */
export function readInterface(body: DataView, isLittle: boolean): CaptureInterface | undefined {
  if (body.byteLength < FIXED_BYTES) return undefined;
  let unitsPerSecond = MICROSECONDS;
  let offsetSeconds = 0n;
  for (let at = FIXED_BYTES; at + OPTION_HEAD_BYTES <= body.byteLength;) {
    const option = body.getUint16(at, isLittle);
    const length = body.getUint16(at + 2, isLittle);
    const value = at + OPTION_HEAD_BYTES;
    if (option === Option.end || value + length > body.byteLength) break;
    if (option === Option.timeResolution && length === 1) unitsPerSecond = resolution(body.getUint8(value));
    if (option === Option.timeOffset && length === 8) offsetSeconds = body.getBigInt64(value, isLittle);
    at = value + Math.ceil(length / 4) * 4;
  }
  return { linkType: body.getUint16(0, isLittle), snapBytes: body.getUint32(4, isLittle), unitsPerSecond, offsetSeconds };
}

/** Nanoseconds since 1970 of a time in an interface's units. */
export function timeIn({ unitsPerSecond, offsetSeconds }: CaptureInterface, units: bigint): bigint {
  return (units * NS_PER_S) / unitsPerSecond + offsetSeconds * NS_PER_S;
}

/** A negative power of 2 with the highest bit set, else of 10. */
function resolution(value: number): bigint {
  const exponent = BigInt(value & 0x7f);
  return value >= 0x80 ? 1n << exponent : 10n ** exponent;
}
