import type { Endpoint } from '@lightspeed/wire';
import { EngineThread } from './engine-thread.ts';

/** Positions of an echo server's figures. */
export const EchoFigure = { echoed: 0 } as const;

export interface EchoServerData {
  readonly io: 'auto' | 'batch' | 'portable';
  /** How many addresses the server has, each a socket on 127.0.0.1. */
  readonly addresses: number;
}

export interface EchoServerReady {
  readonly addresses: readonly Endpoint[];
}

/** Starts a game server that sends every datagram back to where it came from. */
export function startEchoServer(data: EchoServerData): Promise<EngineThread<EchoServerReady>> {
  return EngineThread.start(new URL('./echo-server-thread.ts', import.meta.url), Object.keys(EchoFigure).length, data);
}
