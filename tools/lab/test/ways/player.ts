import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { SocksClientEstablishedEvent } from 'socks/typings/common/constants.js';

const USUAL_PAUSE_MS = 50;
const DATAGRAM_BYTES = 64;
/** Behind the number. */
const FILLING = 0x5a;

/** A game that plays. */
interface Game {
  readonly roundTripsMs: number[];
  /** Answers that are not what was sent. */
  damaged: number;
  sent: number;
  readonly stop: () => void;
}

const games = new Map<string, Game>();

/** Plays games, as a player's machine does. */
export const player = {
  /** Begins to play on a server, by a SOCKS5 proxy on this machine or without one. Resolves when the proxy lets it. */
  play: async (ip: string, port: number, proxyPort?: number, pauseMs = USUAL_PAUSE_MS) => {
    const { connection, relayPort } = proxyPort === undefined ? { relayPort: undefined } : await associate(proxyPort);
    const socket = createSocket('udp4');
    const sentMs: number[] = [];
    const roundTripsMs: number[] = [];
    socket.on('message', (frame) => {
      const data = relayPort === undefined ? frame : SocksClient.parseUDPFrame(frame).data;
      if (!isWhole(data)) {
        game.damaged++;
        return;
      }
      roundTripsMs.push(performance.now() - sentMs[data.readUInt32BE(0)]);
    });
    const send = () => {
      const data = Buffer.alloc(DATAGRAM_BYTES, FILLING);
      data.writeUInt32BE(sentMs.length);
      game.sent = sentMs.push(performance.now());
      if (relayPort === undefined) socket.send(data, port, ip);
      else socket.send(SocksClient.createUDPFrame({ remoteHost: { host: ip, port }, data }), relayPort, '127.0.0.1');
    };
    const timer = setInterval(send, pauseMs);
    const stop = () => {
      clearInterval(timer);
      socket.close();
      connection?.destroy();
    };
    const game: Game = { roundTripsMs, damaged: 0, sent: 0, stop };
    games.set(ip, game);
    send();
  },
  /** Ends a game. */
  stop: (ip: string) => {
    const game = games.get(ip);
    games.delete(ip);
    game?.stop();
    return reportOf(game);
  },
  /** How a game goes. */
  report: (ip: string) => reportOf(games.get(ip)),
};

function reportOf(
  { sent, damaged, roundTripsMs }: Pick<Game, 'sent' | 'damaged' | 'roundTripsMs'> = { sent: 0, damaged: 0, roundTripsMs: [] },
) {
  const medianMs = roundTripsMs.toSorted((a, b) => a - b).at(roundTripsMs.length >> 1) ?? NaN;
  return { sent, answered: roundTripsMs.length, damaged, medianMs };
}

function isWhole(data: Buffer): boolean {
  return data.length === DATAGRAM_BYTES && data.subarray(4).every((byte) => byte === FILLING);
}

/** @returns the connection that keeps it, and the port to which datagrams go */
async function associate(port: number): Promise<{ readonly connection: Socket; readonly relayPort: number }> {
  const client = new SocksClient({
    proxy: { host: '127.0.0.1', port, type: 5 },
    command: 'associate',
    destination: { host: '0.0.0.0', port: 0 },
  });
  const established = once(client, 'established') as Promise<[SocksClientEstablishedEvent]>;
  client.connect();
  const [{ socket: connection, remoteHost }] = await established;
  return { connection, relayPort: remoteHost?.port ?? 0 };
}
