/**
 * What this platform has, before anything is opened: for a line in the log, or a check at start. Loads the QUIC library, which
 * is large.
 * @returns `native`, or `wasm` and why
 */
export async function quicAvailability(): Promise<{ readonly mode: 'native' | 'wasm'; readonly why: string | undefined }> {
  const { nativeFault } = await import('./http3/runtime.ts');
  const fault = nativeFault();
  return fault === undefined ? { mode: 'native', why: undefined } : { mode: 'wasm', why: fault.message };
}
