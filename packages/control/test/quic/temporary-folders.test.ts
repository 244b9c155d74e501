import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withPrivateFolder } from '../../src/quic/http3/private-folder.ts';
import { connect, listen } from './support.ts';

const NOWHERE = '/proc/lightspeed-cannot-be-made-here';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lightspeed-state-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function environment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Where the folder is made. */
function chosen(...others: readonly string[]): Promise<string> {
  return withPrivateFolder(others, () => {
    const path = process.env['TMPDIR'] ?? '';
    expect(statSync(path).mode & 0o777).toBe(0o700);
    return Promise.resolve(dirname(path));
  });
}

describe('where the folder for temporary files cannot be written to', () => {
  it('the private key goes through $XDG_RUNTIME_DIR, $STATE_DIRECTORY, or a folder of the caller’s, in this order', async () => {
    const [runtime, state, own] = [folder(), folder(), folder()];
    environment({ TMPDIR: NOWHERE, XDG_RUNTIME_DIR: runtime, STATE_DIRECTORY: `${state}:/var/lib/other` });
    expect(await chosen(own)).toBe(runtime);
    environment({ XDG_RUNTIME_DIR: NOWHERE });
    expect(await chosen(own)).toBe(state);
    environment({ STATE_DIRECTORY: '' });
    expect(await chosen(NOWHERE, own)).toBe(own);
    expect([runtime, state, own].flatMap((path) => readdirSync(path))).toEqual([]);
    expect(process.env['TMPDIR']).toBe(NOWHERE);
  });

  it('a listener starts all the same, and clients connect', async () => {
    const own = folder();
    environment({ TMPDIR: NOWHERE, XDG_RUNTIME_DIR: '', STATE_DIRECTORY: '' });
    const listener = await listen({ temporaryFolders: [own] });
    expect((await connect(listener)).closed).toBeUndefined();
    expect(readdirSync(own)).toEqual([]);
  });

  it('an error names all that were tried, and what to do', async () => {
    environment({ TMPDIR: NOWHERE, XDG_RUNTIME_DIR: '', STATE_DIRECTORY: '' });
    await expect(listen()).rejects.toThrow(/tried \/proc\/lightspeed.*set TMPDIR to one that can be written to/);
  });
});
