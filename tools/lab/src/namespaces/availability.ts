import { Internet } from './internet.ts';
import { Nat } from './nat.ts';
import { Network } from './network.ts';

/** @returns why scenarios in network namespaces cannot take place here, or undefined if they can: found out by a try. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.geteuid?.() !== 0) return 'network namespaces need root';
  try {
    await using network = await Network.open();
    const nat = await Nat.open(network, await Internet.open(network), '20000-20999');
    await nat.forget();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
