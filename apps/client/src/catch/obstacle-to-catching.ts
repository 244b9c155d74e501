import { chooseEngine } from '@lightspeed/udp';
import type { EngineKind } from '@lightspeed/udp';

/**
 * What is caught comes by a socket that another program has made, and only the batch engine can take it.
 * @param io as `--io` says it
 * @returns why nothing can be caught without that engine here, and what to do; undefined where it works.
 */
export function obstacleToCatching(io: 'auto' | EngineKind): string | undefined {
  if (io === 'portable') return 'nothing can be caught with --io portable: leave that out';
  const { kind, reason } = chooseEngine('auto');
  if (kind === 'batch') return undefined;
  return `nothing can be caught without the batch engine (${reason}): games that take a proxy or an address can play by lightspeed socks or lightspeed play`;
}
