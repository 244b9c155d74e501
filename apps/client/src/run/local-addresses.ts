import { networkInterfaces } from 'node:os';

const LOOK_MS = 1_000;

/** Which IPv4 addresses the machine has towards the outside, as one text. */
function localAddresses(): string {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => `${name} ${address}`),
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
