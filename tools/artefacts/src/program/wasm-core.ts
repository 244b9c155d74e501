import { loadHttp3WasmCore } from '@currentspace/http3/wasm';
import type { Http3WasmCore } from '@currentspace/http3/wasm';
import { readSharedFile } from './program-files.ts';

/** A new instance of the QUIC library's wasm form. It takes the place of the one of `@lightspeed/control`, see src/bundle/seams.ts. */
export function loadWasmCore(): Http3WasmCore {
  return loadHttp3WasmCore({ bytes: readSharedFile('http3_client.wasm') });
}
