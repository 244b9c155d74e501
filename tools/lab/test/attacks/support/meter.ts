import { parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { sumOf } from '../../../src/figures.ts';
import type { Namespace } from '../../namespaces/network.ts';

interface Listed {
  readonly nftables: readonly {
    readonly set?: {
      readonly elem?: readonly {
        readonly elem: { readonly val: { readonly concat: readonly [string, number] }; readonly counter: { readonly bytes: number } };
      }[];
    };
  }[];
}

interface Counted extends Endpoint {
  readonly bytes: number;
}

/**
 * Counts what passes between a node's data port and others, by address and port, from here on: the bytes of IP packets, in
 * the node's own namespace.
 * @param gameServerIp what reaches this address is counted by port, too */
export async function openMeter(node: Namespace, dataPort: number, gameServerIp: number) {
  const server = [24, 16, 8, 0].map((shift) => (gameServerIp >>> shift) & 0xff).join('.');
  const sets = ['sources', 'receivers', 'reached'].map(
    (name) => `set ${name} { type ipv4_addr . inet_service; size 65535; flags dynamic; }`,
  );
  const rules = `table ip wire {
  ${sets.join('\n  ')}
  chain input {
    type filter hook input priority 0
    udp dport ${dataPort} update @sources { ip saddr . udp sport counter }
  }
  chain output {
    type filter hook output priority 0
    udp sport ${dataPort} update @receivers { ip daddr . udp dport counter }
    ip daddr ${server} update @reached { ip daddr . udp dport counter }
  }
}
`;
  await node.run('nft', ['-f', '-'], rules);
  const list = async (name: string): Promise<Counted[]> => {
    const { nftables } = JSON.parse(await node.run('nft', ['-j', 'list', 'set', 'ip', 'wire', name])) as Listed;
    const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
    return elements.map(({ elem: { val, counter } }) => ({ ip: parseIpv4(val.concat[0]) ?? 0, port: val.concat[1], bytes: counter.bytes }));
  };
  const bytesOf = async (name: string, ip: number) =>
    sumOf(
      (await list(name)).filter((counted) => counted.ip === ip),
      ({ bytes }) => bytes,
    );
  return {
    /** Whoever has sent something to the node, forged or not. */
    sources: (): Promise<Endpoint[]> => list('sources'),
    bytesFrom: (ip: number) => bytesOf('sources', ip),
    bytesTo: (ip: number) => bytesOf('receivers', ip),
    /** Ports of the game server's machine to which the node has sent. */
    reached: async () => (await list('reached')).map(({ port }) => port),
  };
}
