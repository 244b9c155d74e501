import { connectQuic } from '@currentspace/http3';
import type { QuicServer } from '@currentspace/http3';
import type { QuicError } from '../transport/quic-error.ts';
import { noNativeForm, platformName } from './native-form.ts';
import type { QuicMode, QuicRuntime } from '../transport/transport.ts';

type LibraryInfo = NonNullable<QuicServer['runtimeInfo']>;

/** What the library calls its forms. */
export function libraryMode(mode: Exclude<QuicMode, 'wasm'>): 'auto' | 'fast' | 'portable' {
  return mode === 'native' ? 'fast' : mode;
}

/** Says which form of the native library runs. */
export function nativeRuntime(info: LibraryInfo | null): QuicRuntime {
  const attempt = info?.fastAttempt;
  return {
    mode: info?.selectedMode === 'portable' ? 'portable' : 'native',
    driver: info?.driver ?? 'unknown',
    fellBack: attempt ? attempt.message : undefined,
  };
}

let missing: QuicError | false | undefined;

/**
 * Whether the library's native code can be used on this platform. Loads it, once.
 *
 * @returns undefined when it can, else the error that says why not
 */
export function nativeFault(): QuicError | undefined {
  missing ??= loadNative();
  return missing === false ? undefined : missing;
}

function loadNative(): QuicError | false {
  try {
    // The library loads its native code before it looks at the signal, so nothing but that happens here.
    const connection = connectQuic(
      { address: '127.0.0.1', port: 1, servername: 'none' },
      { signal: AbortSignal.abort(), connectTimeoutMs: 0 },
    );
    connection.on('error', () => undefined);
    return false;
  } catch (thrown) {
    return noNativeForm(thrown, platformName());
  }
}
