import { describe, expect, it } from 'vitest';
import { noNativeForm } from '../../src/quic/http3/native-form.ts';

/** As the loader of the library has it: an error with advice, and each attempt as a cause of the one before. */
function loaderError(...attempts: readonly string[]): Error {
  const attempt = attempts.reduce<Error | undefined>((cause, message) => new Error(message, cause && { cause }), undefined);
  const advice = 'Cannot find native binding. npm has a bug related to optional dependencies.\nPlease try `npm i` again.';
  return new Error(advice, { cause: attempt });
}

describe('the error where QUIC has no native form', () => {
  it.each(['win32-x64', 'darwin-x64', 'linux-x64-musl', 'linux-arm'])(
    'says for %s which platforms have one, and what works here',
    (platform) => {
      const { code, message } = noNativeForm(loaderError("Cannot find module './http3.node'"), platform);
      expect(code).toBe('ERR_QUIC_UNAVAILABLE');
      expect(message).toContain(`no native QUIC for ${platform}: the QUIC library has it for Linux with glibc (x64, arm64)`);
      expect(message).toContain('Clients register by its WebAssembly form here; a node serves without a control plane only (--open)');
      expect(message).not.toMatch(/npm|bug/);
    },
  );

  it('says why the file does not load where there is one', () => {
    const why = 'libatomic.so.1: cannot open shared object file: No such file or directory';
    const { message } = noNativeForm(loaderError(why, "Cannot find module '@currentspace/http3-linux-x64-gnu'"), 'linux-x64');
    expect(message).toContain(`no native QUIC for linux-x64: its file does not load (${why})`);
    expect(message).not.toMatch(/npm|bug/);
  });

  it('says that the file is not there where nothing else is known', () => {
    const { message } = noNativeForm(loaderError("Cannot find module './http3.linux-x64-gnu.node'"), 'linux-x64');
    expect(message).toContain('its file does not load (it is not there)');
  });
});
