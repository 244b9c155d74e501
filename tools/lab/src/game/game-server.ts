import type { RemoteInfo } from 'node:dgram';
import type { Random } from '@lightspeed/netem';
import { closeSocket, endpointOf, openLoopbackSocket } from '../loopback-socket.ts';
import { GAME_HEADER_BYTES, GameKind, decodeGameDatagram, encodeGameDatagram } from './datagram.ts';
import { NumberedStream } from './numbered-stream.ts';
import { Pace } from './pace.ts';

const TICKS_PER_SECOND = 30;
const SHORTEST_SNAPSHOT_BYTES = 100;
const LONGEST_SNAPSHOT_BYTES = 600;

/** The lab's game server: 30 times a second it sends each bot that has joined a snapshot of 100 to 600 bytes. */
export async function startGameServer(random: Random) {
  const socket = await openLoopbackSocket();
  const players = new Map<number, { readonly from: RemoteInfo; readonly stream: NumberedStream }>();
  let corrupted = 0;
  let misdelivered = 0;
  const welcome = (bot: number, from: RemoteInfo) => {
    if (!players.has(bot)) players.set(bot, { from, stream: new NumberedStream(bot, GameKind.snapshot) });
    const datagram = { kind: GameKind.welcome, bot, sequence: 0, acknowledged: 0, holdUs: 0 };
    socket.send(encodeGameDatagram(datagram, GAME_HEADER_BYTES), from.port, from.address);
  };
  socket.on('message', (bytes, from) => {
    const datagram = decodeGameDatagram(bytes);
    const player = datagram && players.get(datagram.bot);
    const isStranger = player !== undefined && (player.from.port !== from.port || player.from.address !== from.address);
    if (datagram === undefined) corrupted++;
    else if (isStranger) misdelivered++;
    else if (datagram.kind === GameKind.join) welcome(datagram.bot, from);
    else if (datagram.kind === GameKind.input && player !== undefined) player.stream.got(datagram, performance.now());
    else misdelivered++;
  });
  const pace = new Pace(TICKS_PER_SECOND, (nowMs) => {
    for (const { from, stream } of players.values()) {
      const lengthBytes = SHORTEST_SNAPSHOT_BYTES + random.nextInt(LONGEST_SNAPSHOT_BYTES - SHORTEST_SNAPSHOT_BYTES + 1);
      socket.send(stream.next(lengthBytes, nowMs), from.port, from.address);
    }
  });
  /** `misdelivered` are datagrams of a bot from another address than when it joined, or of a kind that only bots get. */
  const stats = () => ({ players: [...players].map(([bot, { stream }]) => ({ bot, stream: stream.stats })), corrupted, misdelivered });
  /** Sends no more snapshots, still receives. */
  const stopSending = () => pace.stop();
  const close = () => {
    stopSending();
    return closeSocket(socket);
  };
  return { address: endpointOf(socket), stats, stopSending, [Symbol.asyncDispose]: close };
}
