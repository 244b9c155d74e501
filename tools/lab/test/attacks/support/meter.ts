import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { sumOf } from '../../../src/figures.ts';
import type { Attachment, Internet } from '../../namespaces/internet.ts';

interface Listed {
  readonly nftables: readonly {
    readonly set?: {
      readonly elem?: readonly {
        readonly elem: {
          readonly val: { readonly concat: readonly [string, number] };
          readonly counter: { readonly packets: number; readonly bytes: number };
        };
      }[];
    };
  }[];
}

interface Counted extends Endpoint {
  readonly packets: number;
  readonly bytes: number;
}

const PLANES = ['data', 'control'] as const;

/** One of a node's two ports. */
export type Plane = (typeof PLANES)[number];

/**
 * Counts what passes between a node and others, by address and port, from here on: IP packets and their bytes, on the router.
 * The node's own kernel cuts what leaves it together, so that each datagram counts with its headers.
 * @param ports those of the node
 * @param gameServerIp what the node sends to this address is counted by port, too
 */
export async function openMeter(
  { router }: Pick<Internet, 'router'>,
  node: Attachment,
  ports: Readonly<Record<Plane, number>>,
  gameServerIp: number,
) {
  const names = [...PLANES.flatMap((plane) => [`${plane}_in`, `${plane}_out`]), 'reached'];
  const sets = names.map((name) => `set ${name} { type ipv4_addr . inet_service; size 65535; flags dynamic; }`);
  const counting = PLANES.flatMap((plane) => [
    `ip daddr ${node.address} udp dport ${ports[plane]} update @${plane}_in { ip saddr . udp sport counter }`,
    `ip saddr ${node.address} udp sport ${ports[plane]} update @${plane}_out { ip daddr . udp dport counter }`,
  ]);
  const rules = `table ip wire {
  ${sets.join('\n  ')}
  chain forward {
    type filter hook forward priority 0
    ${counting.join('\n    ')}
    ip saddr ${node.address} ip daddr ${formatIpv4(gameServerIp)} update @reached { ip daddr . udp dport counter }
  }
}
`;
  await node.in.ip('link set eth0 gso_max_segs 1');
  await router.run('nft', ['-f', '-'], rules);
  const list = async (name: string): Promise<Counted[]> => {
    const { nftables } = JSON.parse(await router.run('nft', ['-j', 'list', 'set', 'ip', 'wire', name])) as Listed;
    const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
    return elements.map(({ elem: { val, counter } }) => ({ ip: parseIpv4(val.concat[0]) ?? 0, port: val.concat[1], ...counter }));
  };
  const bytesOf = (counted: readonly Counted[], ip: number, port?: number) =>
    sumOf(
      counted.filter((one) => one.ip === ip && (port === undefined || one.port === port)),
      ({ bytes }) => bytes,
    );
  return {
    /** Whoever has sent something to the node's data port, forged or not. */
    sources: (): Promise<Endpoint[]> => list('data_in'),
    /** How many bytes came from an address to one of the node's ports, and went there. */
    between: async (ip: number, plane: Plane = 'data') => {
      const [from, to] = [await list(`${plane}_in`), await list(`${plane}_out`)];
      return { sent: bytesOf(from, ip), got: bytesOf(to, ip) };
    },
    /** How many bytes went from the data port to an address and port. */
    bytesTo: async ({ ip, port }: Endpoint) => bytesOf(await list('data_out'), ip, port),
    /** Ports of the game server's machine to which the node has sent. */
    reached: async () => (await list('reached')).map(({ port }) => port),
    /** How many datagrams one of them got. */
    packetsTo: async (port: number) =>
      sumOf(
        (await list('reached')).filter((counted) => counted.port === port),
        ({ packets }) => packets,
      ),
  };
}
