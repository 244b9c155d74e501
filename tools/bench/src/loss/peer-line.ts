import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { ForeignProcess, LOOPBACK, LabError, LossyLink, freeLoopbackEndpoint, openLoopbackSocket } from '@lightspeed/lab';
import { Random } from '@lightspeed/netem';
import { formatEndpoint, formatIpv4, OUTER_BYTES } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { LinePlan, WayFigures } from './play-line.ts';
import { Direction } from './play-line.ts';
import type { Way } from './carried-line.ts';

/** Somebody else's tunnel: what starts its two ends. `{listen}` and `{to}` stand for the addresses that they get. */
export interface PeerTunnel {
  readonly name: string;
  readonly server: string;
  readonly client: string;
}

/** Programs may need so long to listen. */
const STARTS_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 100;
const COOL_DOWN_MS = 500;
/** What loopback and other processes add to the delay of the line. */
const MACHINE_MS = 5;
const ASK_BYTES = 4;

/** Reads `NAME=SERVER COMMAND | CLIENT COMMAND`. @throws {LabError} `ERR_LAB_USAGE` */
export function parsePeer(text: string): PeerTunnel {
  const [, name, server, client] = /^([^=]+)=([^|]+)\|(.+)$/s.exec(text) ?? [];
  const commands = [server, client].map((command = '') => command.trim());
  if (name === undefined || commands.some((command) => !command.includes('{listen}') || !command.includes('{to}'))) {
    const example = "'socat=socat UDP-LISTEN:... | ...', each command with {listen} and {to}";
    throw new LabError('ERR_LAB_USAGE', `--peer: got '${text}', allowed is NAME=SERVER COMMAND | CLIENT COMMAND, such as ${example}`);
  }
  return { name: name.trim(), server: commands[0], client: commands[1] };
}

/**
 * Plays a game through a peer's tunnel over a real, lossy link on loopback, in real time.
 *
 * ```
 *   game -> peer's client -> link -> peer's server -> game server, and back
 * ```
 */
export async function playPeer(
  { lines, hz, seconds, seed, deadlineMs }: LinePlan,
  peer: PeerTunnel,
): Promise<Readonly<Record<Way, WayFigures>>> {
  await using resources = new AsyncDisposableStack();
  const directions = { up: new Direction(), down: new Direction() };
  const server = resources.use(await openLoopbackSocket());
  const game = resources.use(await openLoopbackSocket());
  const [serverAt, clientAt] = [await freeLoopbackEndpoint(), await freeLoopbackEndpoint()];
  const link = resources.use(await LossyLink.open({ target: serverAt, seed, toTarget: lines.up, toSource: lines.down }));
  const start = (command: string, listen: Endpoint, to: Endpoint) => {
    const words = command.replaceAll('{listen}', formatEndpoint(listen.ip, listen.port)).replaceAll('{to}', formatEndpoint(to.ip, to.port));
    const [program = '', ...args] = words.split(/\s+/);
    return new ForeignProcess(program, args, process.env);
  };
  resources.use(start(peer.server, serverAt, { ip: LOOPBACK, port: server.address().port }));
  resources.use(start(peer.client, clientAt, link.address));
  let answerTo: { readonly address: string; readonly port: number } | undefined;
  server.on('message', (bytes, from) => {
    answerTo = from;
    if (bytes.length > ASK_BYTES) directions.up.arrived(bytes, performance.now());
    else server.send(bytes, from.port, from.address);
  });
  const isThere = once(game, 'message', { signal: AbortSignal.timeout(STARTS_WITHIN_MS) });
  const asking = setInterval(() => game.send(new Uint8Array(ASK_BYTES), clientAt.port, formatIpv4(LOOPBACK)), ASK_EVERY_MS);
  await isThere
    .catch(() => {
      throw new LabError('ERR_LAB_PROCESS', `nothing came through the tunnel of ${peer.name} within ${STARTS_WITHIN_MS / 1_000} s`);
    })
    .finally(() => clearInterval(asking));
  game.on('message', (bytes) => {
    if (bytes.length > ASK_BYTES) directions.down.arrived(bytes, performance.now());
  });
  const before = wireOf(link);
  const sizes = new Random(seed + 1);
  for (let [number, startMs] = [0, performance.now()]; number < hz * seconds; number++) {
    const waitMs = startMs + (number * 1_000) / hz - performance.now();
    if (waitMs > 0) await setTimeout(waitMs);
    game.send(directions.up.next(60 + sizes.nextInt(61), performance.now(), false, true), clientAt.port, formatIpv4(LOOPBACK));
    const down = directions.down.next(100 + sizes.nextInt(301), performance.now(), false, true);
    if (answerTo !== undefined) server.send(down, answerTo.port, answerTo.address);
  }
  await setTimeout(COOL_DOWN_MS + (lines.up.delayMs ?? 0) + (lines.down.delayMs ?? 0));
  const after = wireOf(link);
  const figures = (way: Way) =>
    directions[way].figures((lines[way].delayMs ?? 0) + MACHINE_MS, deadlineMs, {
      bytes: after[way].bytes - before[way].bytes,
      packets: after[way].packets - before[way].packets,
    });
  return { up: figures('up'), down: figures('down') };
}

/** IP bytes and packets that have entered each direction of a link. */
function wireOf({ stats }: LossyLink) {
  const of = ({ bytes, sent }: { readonly bytes: number; readonly sent: number }) => ({ bytes: bytes + OUTER_BYTES * sent, packets: sent });
  return { up: of(stats.toTarget), down: of(stats.toSource) };
}
