import type { Random } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import { GAME_HEADER_BYTES, GameKind, decodeGameDatagram, encodeGameDatagram } from './datagram.ts';
import { NumberedStream } from './numbered-stream.ts';
import { Pace } from './pace.ts';

const INPUTS_PER_SECOND = 60;
const JOIN_EVERY_MS = 250;
const SHORTEST_INPUT_BYTES = 40;
const LONGEST_INPUT_BYTES = 120;

/** A player: joins a game server, then sends it 60 inputs a second of 40 to 120 bytes, and counts what it gets. */
export type Bot = Awaited<ReturnType<typeof startBot>>;

/** @param server what the bot believes to be the game server: the tunnel's ingress, say */
export async function startBot(id: number, server: Endpoint, random: Random) {
  const socket = await openLoopbackSocket();
  const address = formatIpv4(server.ip);
  const stream = new NumberedStream(id, GameKind.input);
  let pace: Pace | undefined;
  let corrupted = 0;
  let misdelivered = 0;
  const send = (bytes: Buffer) => socket.send(bytes, server.port, address);
  const join = () => send(encodeGameDatagram({ kind: GameKind.join, bot: id, sequence: 0, acknowledged: 0, holdUs: 0 }, GAME_HEADER_BYTES));
  const joining = setInterval(join, JOIN_EVERY_MS);
  const play = () => {
    clearInterval(joining);
    pace ??= new Pace(INPUTS_PER_SECOND, (nowMs) => {
      send(stream.next(SHORTEST_INPUT_BYTES + random.nextInt(LONGEST_INPUT_BYTES - SHORTEST_INPUT_BYTES + 1), nowMs));
    });
  };
  socket.on('message', (bytes, from) => {
    const datagram = decodeGameDatagram(bytes);
    const isOwn = from.port === server.port && from.address === address;
    if (isOwn && datagram === undefined) corrupted++;
    else if (!isOwn || datagram?.bot !== id) misdelivered++;
    else if (datagram.kind === GameKind.welcome) play();
    else if (datagram.kind === GameKind.snapshot) stream.got(datagram, performance.now());
    else misdelivered++;
  });
  join();
  /** Sends nothing more, still receives. */
  const stopSending = () => {
    clearInterval(joining);
    pace?.stop();
  };
  /** `misdelivered` are datagrams for another bot, of another sender, or of a kind that only servers get. */
  const stats = () => ({ joined: pace !== undefined, stream: stream.stats, corrupted, misdelivered });
  const close = () => {
    stopSending();
    return closeSocket(socket);
  };
  return { stats, stopSending, [Symbol.asyncDispose]: close };
}
