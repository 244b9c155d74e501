import { readFileSync } from 'node:fs';

/** Where most of what a machine sends leaves it. */
export interface DefaultRoute {
  /** The name of the interface. */
  readonly device: string;
  /** Undefined where the system does not say it, as in a sandbox without `/sys`. */
  readonly mtuBytes: number | undefined;
}

/**
 * The default route over IPv4, as Linux has it in files.
 * @param read gives the text of a file, undefined if it cannot be read
 * @returns undefined if there is none
 */
export function findDefaultRoute(read: (file: string) => string | undefined = readIfThere): DefaultRoute | undefined {
  const [, ...routes] = (read('/proc/net/route') ?? '').split('\n').map((line) => line.split('\t'));
  const device = routes.find(([, destination]) => destination === '00000000')?.[0];
  if (device === undefined) return undefined;
  const mtu = read(`/sys/class/net/${device}/mtu`);
  return { device, mtuBytes: mtu === undefined ? undefined : Number(mtu) };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
