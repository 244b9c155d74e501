import { QuicError, reasonOf } from '../transport/quic-error.ts';

/** Those that the library has native code for, as {@link platformName} calls them. */
const NATIVE: readonly string[] = ['linux-x64', 'linux-arm64', 'darwin-arm64'];

/** System and processor, and the C library where that is not the usual one: `linux-x64`, `linux-x64-musl`, `win32-x64`. */
export function platformName(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? `${name}-musl` : name;
}

/**
 * The error for a platform on which the library's native code does not load: it says what works there all the same. Where
 * the library has native code, it says why that does not load.
 * @param thrown by the library
 * @param platform as {@link platformName} has it
 */
export function noNativeForm(thrown: unknown, platform: string): QuicError {
  const why = NATIVE.includes(platform)
    ? `its file does not load (${reasonToLoad(thrown)}); install the packages again, for this platform`
    : 'the QUIC library has it for Linux with glibc (x64, arm64) and macOS (arm64) only';
  const words = `no native QUIC for ${platform}: ${why}. Clients register by its WebAssembly form here; a node serves without a control plane only (--open)`;
  return new QuicError('ERR_QUIC_UNAVAILABLE', words, { cause: thrown });
}

/** What the system says: the library's own error only asks to install it again, and has the attempts as its causes. */
function reasonToLoad(thrown: unknown): string {
  const reasons: string[] = [];
  for (let error = thrown; error instanceof Error && reasons.length < MOST_CAUSES; error = error.cause) {
    reasons.push(reasonOf(error).split('\n', 1)[0]);
  }
  // A file that is there and does not load says more than names of packages that are not.
  return reasons.find((reason) => !/^Cannot find (module|native binding)/.test(reason)) ?? 'it is not there';
}

/** Of as many files as the library tries. */
const MOST_CAUSES = 8;
