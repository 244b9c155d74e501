import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answerParent } from '../../src/child-program.ts';

/** Of a game's datagrams here. Others are probes, to which these servers are silent. */
const GAME_BYTES = 64;
/** By server, the addresses and ports that have played on it, each once per change. */
const sources = new Map<string, string[]>();

const program = {
  /** Opens game servers that echo a game's datagrams. */
  serve: async (ips: readonly string[], port: number) => {
    for (const ip of ips) {
      const socket = createSocket('udp4');
      const seen: string[] = [];
      socket.on('message', (bytes, from) => {
        if (bytes.length !== GAME_BYTES) return;
        const source = `${from.address}:${from.port}`;
        if (seen.at(-1) !== source) seen.push(source);
        socket.send(bytes, from.port, from.address);
      });
      socket.bind(port, ip);
      await once(socket, 'listening');
      sources.set(ip, seen);
    }
  },
  /** From where a server was played on since this was asked for last, in order: more than one in a match means that its flow has moved. */
  sources: (ip: string) => sources.get(ip)?.splice(0) ?? [],
};

/** What the game servers' program does. */
export type ServerProgram = typeof program;

answerParent(program);
