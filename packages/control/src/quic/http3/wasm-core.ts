import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadHttp3WasmCoreFromFile } from '@currentspace/http3/wasm';
import type { Http3WasmCore } from '@currentspace/http3/wasm';

/**
 * A new instance of the library's wasm form, from the file that the library has. A bundle of a program has another module in
 * place of this one, because its file is at another place.
 */
export function loadWasmCore(): Http3WasmCore {
  const main = createRequire(import.meta.url).resolve('@currentspace/http3');
  return loadHttp3WasmCoreFromFile(join(dirname(main), 'wasm', 'http3_client.wasm'));
}
