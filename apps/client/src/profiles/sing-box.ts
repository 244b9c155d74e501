import { NEVER_PORTS, NEVER_PREFIXES, STUN_PORTS } from '@lightspeed/capture';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** What a configuration of sing-box is to catch, and where it goes. */
export interface SingBoxPlan {
  /** Names of the game's programs. */
  readonly processes: readonly string[];
  /** The path of the program that must never be caught, that of LightSpeed itself. */
  readonly ownPath: string;
  /** Where `lightspeed socks` listens. */
  readonly socks: Endpoint;
}

/** What sing-box calls where traffic comes from, and where it goes: words that mean something else in LightSpeed. */
const KEYS = { sources: 'inbounds', ways: 'outbounds', way: 'outbound' } as const;
/** The tunnel's own network, of a range that hardly anybody uses. */
const TUN_NETWORK = '172.31.252.1/30';

/**
 * A complete configuration of sing-box 1.12 or newer (https://sing-box.sagernet.org/configuration/). All IPv4 traffic of the machine
 * passes it. The UDP of some programs goes to a SOCKS5 server, and everything else straight on.
 */
export function singBoxConfiguration({ processes, ownPath, socks }: SingBoxPlan): object {
  const direct = { action: 'route', [KEYS.way]: 'direct' };
  return {
    log: { level: 'warn' },
    [KEYS.sources]: [{ type: 'tun', tag: 'tun', address: [TUN_NETWORK], auto_route: true, strict_route: false }],
    [KEYS.ways]: [
      { type: 'direct', tag: 'direct' },
      { type: 'socks', tag: 'lightspeed', server: formatIpv4(socks.ip), server_port: socks.port, version: '5', network: 'udp' },
    ],
    route: {
      rules: [
        { process_path: [ownPath], ...direct },
        { network: 'udp', port_range: [...NEVER_PORTS, ...STUN_PORTS].map(({ ports }) => rangeOf(ports)), ...direct },
        { ip_cidr: NEVER_PREFIXES.map(({ prefix }) => prefix), ...direct },
        { network: 'udp', process_name: processes, action: 'route', [KEYS.way]: 'lightspeed' },
      ],
      final: 'direct',
      auto_detect_interface: true,
    },
  };
}

/** As sing-box writes `FROM-TO`, or one port. */
function rangeOf(ports: string): string {
  const [from, to = from] = ports.split('-');
  return `${from}:${to}`;
}
