import { existsSync } from 'node:fs';
import { whyNoNamespaces } from '@lightspeed/lab';
import type { RelayUnderTest } from '../macro/relay-under-test.ts';
import { startCRelay } from './c-relay.ts';
import { startCoturn } from './coturn.ts';
import { askProgram, findProgram } from './find-program.ts';
import { NGINX_STREAM_MODULES, startNginx } from './nginx.ts';
import type { PeerPlace } from './peer.ts';
import { startSocat } from './socat.ts';
import { startWireguard } from './wireguard.ts';

export const C_RELAY = 'C';
export const NGINX = 'nginx';
const NGINX_TWO_WORKERS = 'nginx, 2 workers';
export const COTURN = 'coturn';
const SOCAT = 'socat';
const WIREGUARD = 'wireguard-go';

/** A relay of others that is measured beside ours. */
export interface Peer {
  readonly name: string;
  /** What it is, and what of it is counted, for the report. */
  readonly about: string;
  readonly workers: number;
  readonly leastClients?: number;
  readonly mostClients?: number;
  /** Takes part in the search of the highest rate. */
  readonly searched: boolean;
  /** @returns why it cannot take part here, with what to do about it; undefined if it can. */
  whyNot(): Promise<string | undefined>;
  /** As it says it itself. */
  version(): Promise<string>;
  start(place: PeerPlace): Promise<RelayUnderTest>;
}

/** In the order of the tables. */
export const PEERS: readonly Peer[] = [
  {
    name: C_RELAY,
    about: 'the yardstick: the same system calls and the same datagrams, and no features; compiled with `cc -O2`',
    workers: 1,
    searched: true,
    whyNot: async () => missing(['cc'], 'apt-get install gcc libc6-dev'),
    version: () => firstLine('cc', ['--version']),
    start: startCRelay,
  },
  {
    name: NGINX,
    about: 'proxy of UDP (`stream`), 4 MB buffers; master and worker are counted',
    workers: 1,
    searched: true,
    whyNot: whyNoNginx,
    version: () => firstLine('nginx', ['-v']),
    start: (place) => startNginx(place, 1),
  },
  {
    name: NGINX_TWO_WORKERS,
    about: 'the same with `reuseport`; all are counted',
    workers: 2,
    leastClients: 2,
    searched: true,
    whyNot: whyNoNginx,
    version: () => firstLine('nginx', ['-v']),
    start: (place) => startNginx(place, 2),
  },
  {
    name: COTURN,
    about: 'TURN server, one relay thread, ChannelData, no credentials',
    workers: 1,
    searched: true,
    whyNot: async () => missing(['turnserver'], 'apt-get install coturn'),
    version: async () => `coturn ${(await askProgram('turnserver', ['--version'])).trim().split('\n').at(-1) ?? ''}`,
    start: startCoturn,
  },
  {
    name: SOCAT,
    about: 'passes datagrams between one client and the game server',
    workers: 1,
    mostClients: 1,
    searched: false,
    whyNot: async () => missing(['socat'], 'apt-get install socat'),
    version: async () => /socat version \S+/.exec(await askProgram('socat', ['-V']))?.[0] ?? '',
    start: startSocat,
  },
  {
    name: WIREGUARD,
    about: 'an encrypting tunnel; the process at the node is counted, with what the kernel does in its name, NAT included',
    workers: 1,
    searched: false,
    whyNot: async () => {
      const programs = missing(['wireguard-go', 'ip', 'nft', 'conntrack'], 'apt-get install wireguard-go iproute2 nftables conntrack');
      if (programs !== undefined) return programs;
      return existsSync('/dev/net/tun') ? whyNoNamespaces() : 'there is no /dev/net/tun';
    },
    version: () => firstLine('wireguard-go', ['--version']),
    start: startWireguard,
  },
];

function missing(programs: readonly string[], install: string): string | undefined {
  const absent = programs.filter((program) => findProgram(program) === undefined);
  return absent.length === 0 ? undefined : `${absent.join(', ')} not found: \`${install}\``;
}

async function whyNoNginx(): Promise<string | undefined> {
  const install = 'apt-get install nginx-light libnginx-mod-stream';
  const program = missing(['nginx'], install);
  if (program !== undefined) return program;
  const builtIn = /--with-stream(?!=dynamic)\b/.test(await askProgram('nginx', ['-V']));
  if (builtIn || NGINX_STREAM_MODULES.some((file) => existsSync(file))) return undefined;
  return `this nginx has no module for streams: \`${install}\``;
}

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  return (await askProgram(program, args)).split('\n', 1)[0].trim();
}
