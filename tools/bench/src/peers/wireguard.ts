import { connect } from 'node:net';
import { ForeignProcess, Network } from '@lightspeed/lab';
import type { Namespace } from '@lightspeed/lab';
import { parseIpv4 } from '@lightspeed/wire';
import { BenchError } from '../bench-error.ts';
import { LoadProcess } from '../load/load-process.ts';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import type { PeerPlace } from './peer.ts';
import { makeWireguardKeys, wireguardSettings } from './wireguard-keys.ts';
import type { WireguardKeys } from './wireguard-keys.ts';

const START_MS = 5_000;
const TUNNEL_PORT = 51_820;
/** The port at the node's end behind which the game server is. */
const GAME_PORT = 27_015;
/** Inside of the tunnel, and on the cable on which both the tunnel's packets and those to the game server go. */
const INSIDE = { player: '10.99.0.1', node: '10.99.0.2' };
const CABLE = { player: '10.99.1.1', node: '10.99.1.2' };

/**
 * wireguard-go as a relay for games: a tunnel from the players' namespace to the node's, where the kernel passes what
 * comes out on to the game server, as a router with NAT does, and back.
 *
 * ```
 *   players' namespace                                         node's namespace
 *   clients ── 10.99.0.1 ── wireguard-go ══ cable ══ wireguard-go ── 10.99.0.2:27015 ─.
 *   game server 10.99.1.1 ──────────────── cable ───────────────────────── NAT ──────'
 * ```
 *
 * Counted is the wireguard-go of the node. The load generator is a process of its own in the players' namespace.
 */
export async function startWireguard({ folder, clients, within }: PeerPlace): Promise<RelayUnderTest> {
  await using undo = new AsyncDisposableStack();
  const network = undo.use(await Network.open());
  const [players, node] = [await network.namespace(), await network.namespace()];
  const ends = [
    { in: players, interface: 'cable', address: `${CABLE.player}/24` },
    { in: node, interface: 'cable', address: `${CABLE.node}/24` },
  ] as const;
  await network.link(ends[0], ends[1]);
  const load = undo.adopt(new LoadProcess(players.within), (process) => process.stop());
  const keys = { player: makeWireguardKeys(), node: makeWireguardKeys() };
  const start = (where: Namespace, end: End) => startEnd(where, end, folder, within);
  const name = `lsb${process.pid}`;
  const playersEnd = await start(players, {
    name: `${name}p`,
    keys: keys.player,
    peer: keys.node,
    peerAt: CABLE.node,
    address: INSIDE.player,
  });
  undo.defer(() => playersEnd.stop());
  const nodesEnd = await start(node, {
    name: `${name}n`,
    keys: keys.node,
    peer: keys.player,
    peerAt: CABLE.player,
    address: INSIDE.node,
  });
  undo.defer(() => nodesEnd.stop());
  const { gameServer } = await load.openSockets(clients, [ipOf(INSIDE.player)], ipOf(CABLE.player));
  await node.forward();
  await node.run('nft', ['-f', '-'], natRules(gameServer.port));
  const all = undo.move();
  return {
    name: 'wireguard-go',
    command: 'wireguard-go --foreground INTERFACE, one in each namespace',
    target: { name: 'wireguard-go', framing: { kind: 'plain' }, address: { ip: ipOf(INSIDE.node), port: GAME_PORT } },
    pids: [nodesEnd.pid],
    shares: 1,
    load,
    logTail: () => nodesEnd.lines.slice(-10).join('\n'),
    stop: () => all.disposeAsync(),
  };
}

interface End {
  readonly name: string;
  readonly keys: WireguardKeys;
  readonly peer: WireguardKeys;
  readonly peerAt: string;
  readonly address: string;
}

async function startEnd(where: Namespace, end: End, folder: string, within: readonly string[]): Promise<ForeignProcess> {
  const words = [...where.within, ...within, 'wireguard-go', '--foreground', end.name];
  const running = new ForeignProcess(words[0], words.slice(1), { ...process.env, LOG_LEVEL: 'verbose' }, folder);
  try {
    await running.line(/UAPI listener started/, START_MS);
    await tell(end.name, wireguardSettings(end.keys, TUNNEL_PORT, end.peer, `${end.peerAt}:${TUNNEL_PORT}`));
    await where.interfaceUp(end.name, `${end.address}/24`);
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** What comes out of the tunnel for the game goes to the game server, and its answers back. */
function natRules(gameServerPort: number): string {
  return `table ip game {
  chain in { type nat hook prerouting priority -100; udp dport ${GAME_PORT} dnat to ${CABLE.player}:${gameServerPort}; }
  chain out { type nat hook postrouting priority 100; oifname "cable" ip daddr ${CABLE.player} udp dport ${gameServerPort} masquerade; }
}
`;
}

function tell(name: string, settings: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(`/var/run/wireguard/${name}.sock`);
    let said = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      said += text;
      if (!said.includes('\n\n')) return;
      socket.end();
      if (said.trim() === 'errno=0') resolve();
      else reject(new BenchError('ERR_BENCH_RELAY', `wireguard-go does not take its settings: ${said.trim()}`));
    });
    socket.on('error', reject);
    socket.write(settings);
  });
}

function ipOf(text: string): number {
  const ip = parseIpv4(text);
  if (ip === undefined) throw new TypeError(`'${text}' is no address`);
  return ip;
}
