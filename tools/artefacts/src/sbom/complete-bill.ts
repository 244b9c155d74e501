import { createHash } from 'node:crypto';
import type { Bill, Component, Needs } from './bill.ts';

/** koffi has its native code in a package for each kind of machine. Programs have those of the platforms that they are made for. */
const KOFFI_ADDONS = 'pkg:npm/%40koromix/';

/**
 * The list of all that users get, from pnpm's list of libraries. It is the same for the same content: sorted, with a time of the sources
 * and a number that comes from the content.
 * @param bill as pnpm makes it
 * @param shipped what programs have besides: Node, and native code
 * @param madeAtSecs in seconds since 1970
 */
export function completeBill(bill: Bill, shipped: readonly Component[], madeAtSecs: number): Bill {
  const root = bill.metadata.component['bom-ref'];
  const isOfOtherMachines = (ref: string) => ref.startsWith(KOFFI_ADDONS);
  const kept = bill.components.filter((component) => !isOfOtherMachines(component['bom-ref']));
  const needs = bill.dependencies
    .filter(({ ref }) => !isOfOtherMachines(ref))
    .map(({ ref, dependsOn = [] }): Needs => {
      const more = ref === root ? shipped.map((component) => component['bom-ref']) : [];
      return { ref, dependsOn: [...dependsOn.filter((each) => !isOfOtherMachines(each)), ...more].toSorted() };
    });
  const complete: Bill = {
    ...bill,
    serialNumber: '',
    metadata: { ...bill.metadata, timestamp: new Date(madeAtSecs * 1_000).toISOString() },
    components: [...kept, ...shipped].toSorted((a, b) => compare(a['bom-ref'], b['bom-ref'])),
    dependencies: [...needs, ...shipped.map((component) => ({ ref: component['bom-ref'] }))].toSorted((a, b) => compare(a.ref, b.ref)),
  };
  return { ...complete, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(complete))}` };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A UUID of version 8 (RFC 9562), whose bits are those of a hash. */
function uuidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
