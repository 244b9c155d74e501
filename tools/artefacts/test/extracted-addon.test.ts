import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { extractedAddon } from '../src/program/extracted-addon.ts';

const BYTES = Buffer.from('native code');
const NAME = 'some.node';

/** Loads from everywhere, and says from where, and what was there. */
const loading = (file: string) => ({ file, bytes: readFileSync(file) });
/** Loads from nowhere within a folder. */
const refusing = (folder: string) => (file: string) => {
  if (file.startsWith(folder)) throw new Error('Operation not permitted');
  return loading(file);
};
const folders = (base: string) => ({ HOME: base, XDG_CACHE_HOME: join(base, 'cache'), XDG_STATE_HOME: join(base, 'state') });

describe.skipIf(process.platform === 'win32')('extracted native code', () => {
  it('lies in a folder of the user alone, named by its hash, and is found there by the next start', async () => {
    await using base = await temporaryFolder();
    const first = extractedAddon(NAME, BYTES, loading, folders(base.path));
    const written = statSync(first.file);
    const second = extractedAddon(NAME, BYTES, loading, folders(base.path));

    expect(first.file).toMatch(/\/cache\/lightspeed\/native-[0-9a-f]{64}\/some\.node$/);
    expect(first.bytes).toEqual(BYTES);
    expect(statSync(dirname(first.file)).mode & 0o777).toBe(0o700);
    expect(second.file).toBe(first.file);
    expect(statSync(second.file).ino).toBe(written.ino);
    expect(readdirSync(dirname(first.file))).toEqual([NAME]);
  });

  it('is written again if it was changed', async () => {
    await using base = await temporaryFolder();
    const { file } = extractedAddon(NAME, BYTES, loading, folders(base.path));
    writeFileSync(file, 'native c0de');

    expect(extractedAddon(NAME, BYTES, loading, folders(base.path))).toEqual({ file, bytes: BYTES });
  });

  it('is not loaded from a folder that is open to others, or that is a link', async () => {
    await using base = await temporaryFolder();
    const env = folders(base.path);
    const { file } = extractedAddon(NAME, BYTES, loading, env);
    chmodSync(dirname(file), 0o770);
    const afterwards = extractedAddon(NAME, BYTES, loading, env);
    chmodSync(dirname(file), 0o700);
    const linked = { ...env, XDG_CACHE_HOME: join(base.path, 'linked') };
    mkdirSync(join(base.path, 'linked/lightspeed'), { recursive: true });
    symlinkSync(dirname(file), file.replace('/cache/', '/linked/').replace(`/${NAME}`, ''));

    expect(afterwards.file).toContain('/state/lightspeed/');
    expect(extractedAddon(NAME, BYTES, loading, linked).file).toContain('/state/lightspeed/');
  });

  it('is not loaded from below a folder that somebody else could exchange', async () => {
    await using base = await temporaryFolder();
    const env = folders(base.path);
    mkdirSync(env.XDG_CACHE_HOME);
    chmodSync(env.XDG_CACHE_HOME, 0o777);
    const open = extractedAddon(NAME, BYTES, loading, env);
    chmodSync(env.XDG_CACHE_HOME, 0o1777);
    const sticky = extractedAddon(NAME, BYTES, loading, env);

    expect(open.file).toContain('/state/lightspeed/');
    expect(sticky.file).toContain('/cache/lightspeed/');
    if (process.getuid?.() !== 0) return;
    chownSync(join(env.XDG_CACHE_HOME, 'lightspeed'), 12_345, 12_345);
    expect(extractedAddon(NAME, BYTES, loading, env).file).toContain('/state/lightspeed/');
  });

  it('leaves nothing half written', async () => {
    await using base = await temporaryFolder();
    const env = folders(base.path);
    const { file } = extractedAddon(NAME, BYTES, loading, env);
    rmSync(file);
    mkdirSync(file);
    expect(extractedAddon(NAME, BYTES, loading, env).file).toContain('/state/lightspeed/');
    expect(readdirSync(dirname(file))).toEqual([NAME]);
  });

  it('comes from the next folder where it cannot be loaded, and last from one for temporary files that is gone afterwards', async () => {
    await using base = await temporaryFolder();
    const env = folders(base.path);
    const fromState = extractedAddon(NAME, BYTES, refusing(env.XDG_CACHE_HOME), env);
    const temporary = extractedAddon(NAME, BYTES, refusing(base.path), env);

    expect(fromState.file).toContain(`${env.XDG_STATE_HOME}/lightspeed/`);
    expect(temporary.bytes).toEqual(BYTES);
    expect(() => statSync(dirname(temporary.file))).toThrow('ENOENT');
  });

  it('says which folders were tried, why, and what to do, if it cannot be loaded from any', async () => {
    await using base = await temporaryFolder();
    const env = folders(base.path);

    expect(() => extractedAddon(NAME, BYTES, refusing('/'), env)).toThrow(
      new RegExp(
        `^some\\.node cannot be loaded from ${env.XDG_CACHE_HOME} \\(Operation not permitted\\), nor from .*XDG_CACHE_HOME to a folder`,
      ),
    );
  });
});
