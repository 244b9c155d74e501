import { codec, readU32, u32s } from './extension-codec.ts';
import { ExtensionId } from './extension-id.ts';

const U32_BYTES = 4;
/** A result has no more samples that mean something. */
const MAX_ORIGINS = 10;

/** Probe of kind 3: over how many of the last routers the node may spread its probes in turn, u32 (docs/protocol.md, Probes). */
export const probedRoutersExtension = codec<number>(
  ExtensionId.probedRouters,
  (routers) => u32s(routers),
  (value) => readU32(value, 0),
);

/** ProbeResult: who answered each sample, an IPv4 address as u32, 0 if nobody did or if the node does not tell. */
export const probeOriginsExtension = codec<readonly number[]>(
  ExtensionId.probeOrigins,
  (origins) => u32s(...origins),
  (value) => {
    const count = Math.min(MAX_ORIGINS, Math.floor(value.length / U32_BYTES));
    return Array.from({ length: count }, (_, nth) => readU32(value, nth * U32_BYTES) ?? 0);
  },
);
