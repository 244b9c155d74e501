import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { expect, it } from 'vitest';
import type { Bill, Component } from '../src/sbom/bill.ts';
import { completeBill } from '../src/sbom/complete-bill.ts';
import { shippedComponents } from '../src/sbom/shipped-components.ts';

const PROXY = 'pkg:npm/%40lightspeed/proxy@1.2.3';
const KOFFI = 'pkg:npm/koffi@3.3.4';
const OTHER = 'pkg:npm/%40koromix/koffi-freebsd-x64@3.3.4';
const library = (name: string, purl: string): Component => ({ type: 'library', name, version: '3.3.4', purl, 'bom-ref': purl });

/** As pnpm makes it, with a number and a time that differ each time. */
const MADE: Bill = {
  ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
  serialNumber: 'urn:uuid:fd870d6d-c194-4a95-8a60-d3b972f205d3',
  metadata: { timestamp: '2026-11-28T16:54:41.451Z', component: { ...library('proxy', PROXY) } },
  components: [library('koffi', KOFFI), library('koffi-freebsd-x64', OTHER)],
  dependencies: [
    { ref: PROXY, dependsOn: [KOFFI] },
    { ref: KOFFI, dependsOn: [OTHER] },
    { ref: OTHER, dependsOn: [] },
  ],
};
const SHIPPED = shippedComponents({ ...process.versions, nghttp3: '' });
const complete = completeBill(MADE, SHIPPED, 1_000);

it('is what the schema of CycloneDX allows', async () => {
  const faults = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(JSON.stringify(complete));

  expect(faults).toBeNull();
});

it('has libraries, Node with what is in it, and native code of our platforms only', () => {
  const names = complete.components.map(({ name }) => name);
  const parts = complete.components.find(({ name }) => name === 'node')?.components?.map(({ name }) => name);

  expect(names).toEqual(expect.arrayContaining(['koffi', 'node', 'koffi.node', 'http3.linux-x64-gnu.node']));
  expect(names).not.toContain('koffi-freebsd-x64');
  expect(parts).toEqual(expect.arrayContaining(['openssl', 'v8', 'uv']));
  expect(parts).not.toContain('napi');
  expect(parts).not.toContain('nghttp3');
});

it('says that the program needs what is shipped, and names nothing that is not listed', () => {
  const listed = new Set([PROXY, ...complete.components.map((component) => component['bom-ref'])]);
  const needed = complete.dependencies.find(({ ref }) => ref === PROXY)?.dependsOn;

  expect(needed).toEqual([KOFFI, ...SHIPPED.map((component) => component['bom-ref'])].toSorted());
  expect(complete.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]).filter((ref) => !listed.has(ref))).toEqual([]);
});

it('is the same for the same content, whatever the order, time and number that pnpm gives', () => {
  const again = {
    ...MADE,
    serialNumber: 'urn:uuid:00000000-0000-4000-8000-000000000000',
    metadata: { ...MADE.metadata, timestamp: '2031-01-01T00:00:00.000Z' },
    components: MADE.components.toReversed(),
    dependencies: MADE.dependencies.toReversed(),
  };

  expect(completeBill(again, SHIPPED, 1_000)).toEqual(complete);
  expect(complete.metadata.timestamp).toBe('1970-01-01T00:16:40.000Z');
});

it('has another number for other content', () => {
  expect(completeBill(MADE, SHIPPED.slice(1), 1_000).serialNumber).not.toBe(complete.serialNumber);
});

it('refuses to describe a Node that is not shipped', () => {
  expect(() => shippedComponents({ node: '20.1.0' })).toThrow(expect.objectContaining({ code: 'ERR_ARTEFACT_BUNDLE' }));
});
