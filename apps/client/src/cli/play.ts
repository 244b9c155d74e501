import { parseIpv4 } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { requireServer } from '../ingress/game-server-name.ts';
import type { IngressSettings } from '../settings/ingress-settings.ts';
import { carry } from './carry.ts';
import type { CarryOptions } from './carry.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const LOOPBACK = 0x7f00_0001;

/** The options of `play`, as the command line gives them. */
export interface PlayOptions extends CarryOptions {
  readonly gameServer: readonly SocketAddress[];
  readonly listen?: readonly Endpoint[];
}

/** `lightspeed play`. @returns the exit code. */
export async function play(options: PlayOptions, terminal: Terminal): Promise<number> {
  const { gameServer, listen = [] } = options;
  if (listen.length > gameServer.length) {
    const count = `${listen.length} --listen for ${gameServer.length} --game-server`;
    throw new UsageError(`${count}: the first --listen belongs to the first --game-server, and so on`);
  }
  return carry(options, async () => ({ ingresses: await ingressesOf(options) }), terminal, { command: 'play' });
}

/** Without a --listen, a game finds its server's port on this machine, if that is free. */
function ingressesOf({ gameServer, listen = [] }: PlayOptions): Promise<IngressSettings[]> {
  return Promise.all(
    gameServer.map(async ({ host, port }, index) => {
      const gameServer = { ip: await requireServer(host, '--game-server'), port };
      const server = { gameServer, name: parseIpv4(host) === undefined ? host : undefined };
      const chosen: Endpoint | undefined = listen[index];
      if (chosen !== undefined) return { listen: chosen, ...server };
      return { listen: { ip: LOOPBACK, port }, ...server, anyPortIfTaken: true };
    }),
  );
}
