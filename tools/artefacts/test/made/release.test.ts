import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { OUT } from '../../src/base/workspace.ts';
import type { Bill } from '../../src/sbom/bill.ts';
import { execute } from '../support/execute.ts';

const RELEASE = join(OUT, 'release');
const names = existsSync(RELEASE) ? readdirSync(RELEASE) : [];
const bills = names.filter((name) => name.endsWith('.cdx.json'));
const why = names.length === 0 ? ` (no ${RELEASE}: run pnpm artefacts sums)` : '';

describe.skipIf(names.length === 0)(`release${why}`, () => {
  it('has a sum for each file, which holds', async () => {
    const { code, stdout } = await execute('sh', '-c', `cd '${RELEASE}' && sha256sum --strict --check SHA256SUMS`);

    expect(code).toBe(0);
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      names
        .filter((name) => name !== 'SHA256SUMS')
        .map((name) => `${name}: OK`)
        .toSorted(),
    );
  });

  it.skipIf(bills.length === 0).each(bills)('has %s, which the schema of CycloneDX allows, with Node and native code', async (name) => {
    const text = readFileSync(join(RELEASE, name), 'utf8');
    const { components } = JSON.parse(text) as Bill;

    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    expect(components.map((component) => component.name)).toEqual(
      expect.arrayContaining(['node', 'http3.linux-x64-gnu.node', 'koffi.node']),
    );
  });
});
