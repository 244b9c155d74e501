import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { answerParent } from '../../../src/child-program.ts';
import type { GameAddress, Match } from './matchmaking.ts';
import { MASTER_PORT, answerOfMaster } from './teeworlds-master.ts';

let match: Match = { servers: [], datagrams: 0, perSecond: 1 };
const sockets = new Map<string, Socket>();
let sources = new Map<string, number>();
let tcpSources = new Set<string>();

const program = {
  pid: () => process.pid,
  /** Opens the matchmaker. */
  listen: async (ip: string, port: number) => {
    const server = createServer((socket) => {
      tcpSources.add(socket.remoteAddress ?? '');
      socket.end(JSON.stringify(match));
    });
    server.listen(port, ip);
    await once(server, 'listening');
  },
  /** Opens game servers that echo. */
  serve: async (servers: readonly GameAddress[]) => {
    for (const { ip, port } of servers) {
      const socket = createSocket('udp4');
      socket.on('message', (bytes, from) => {
        sources.set(from.address, (sources.get(from.address) ?? 0) + 1);
        socket.send(bytes, from.port, from.address);
      });
      socket.bind(port, ip);
      await once(socket, 'listening');
      sockets.set(`${ip}:${port}`, socket);
    }
  },
  /** Opens a master server of Teeworlds, which lists game servers. */
  list: async (ip: string, servers: readonly GameAddress[]) => {
    const socket = createSocket('udp4');
    socket.on('message', (bytes, from) => {
      sources.set(from.address, (sources.get(from.address) ?? 0) + 1);
      const answer = answerOfMaster(bytes, servers);
      if (answer !== undefined) socket.send(answer, from.port, from.address);
    });
    socket.bind(MASTER_PORT, ip);
    await once(socket, 'listening');
  },
  /** The match of the next players. */
  offer: (next: Match) => {
    match = next;
    sources = new Map();
    tcpSources = new Set();
  },
  /** From which addresses the game servers got how many datagrams, and the matchmaker its connections. */
  seen: () => ({ udp: Object.fromEntries(sources), tcp: [...tcpSources] }),
};

/** What the matchmaker's program does. */
export type MatchmakerProgram = typeof program;

answerParent(program);
