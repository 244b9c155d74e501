import { networkInterfaces } from 'node:os';
import type { NetworkInterfaceInfo } from 'node:os';

const LOOK_MS = 1_000;

/** Addresses of one link come and go with its interface, and no node is reached from them. */
function isLinkLocal({ address }: NetworkInterfaceInfo): boolean {
  return address.startsWith('fe80:');
}

/** Which addresses the machine has towards the outside, as one text. */
function localAddresses(): string {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.filter((address) => !address.internal && !isLinkLocal(address)).map(({ address }) => `${name} ${address}`),
  );
  return addresses.sort().join(', ');
}

/**
 * Notices that the machine's addresses have changed: it has moved to another network, or an interface has come or gone.
 * @returns what ends it.
 */
export function watchLocalAddresses(changed: () => void, read: () => string = localAddresses): () => void {
  let known = read();
  const timer = setInterval(() => {
    const found = read();
    if (found === known) return;
    known = found;
    changed();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
