import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Measurement, ProbeKind, ProbeOptions, WayRouters } from '@lightspeed/probe';

const run = promisify(execFile);
let made = 0;

/** The server, three hops from the client, and the last router before it as the client sees it. */
export const SERVER = '10.91.3.2';
export const LAST_ROUTER = '10.91.2.2';
/** The router before that. */
export const FIRST_ROUTER = '10.91.1.1';
/** Nobody is there: the last router drops what goes there, and says nothing. */
export const NOBODY = '10.91.9.9';

/** Why no machines can be made here; undefined if they can. */
export function whyNoNetworks(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  return process.geteuid?.() === 0 ? undefined : 'network namespaces need root';
}

/** A client, two routers and a server, each a network namespace: `client - router - router - server`. */
export class Network implements AsyncDisposable {
  readonly #names: Readonly<Record<'client' | 'near' | 'far' | 'server', string>>;

  private constructor() {
    const name = (of: string) => `lightspeed-probe-${process.pid}-${made}-${of}`;
    made++;
    this.#names = { client: name('client'), near: name('near'), far: name('far'), server: name('server') };
  }

  static async open(): Promise<Network> {
    const network = new Network();
    const { client, near, far, server } = network.#names;
    for (const name of [client, near, far, server]) {
      await ip(`netns add ${name}`);
      await ip(`-n ${name} link set lo up`);
    }
    await cable(client, 'eth0', '10.91.1.2', near, 'eth0', FIRST_ROUTER);
    await cable(near, 'eth1', '10.91.2.1', far, 'eth0', LAST_ROUTER);
    await cable(far, 'eth1', '10.91.3.1', server, 'eth0', SERVER);
    await ip(`-n ${client} route add default via ${FIRST_ROUTER}`);
    await ip(`-n ${near} route add default via ${LAST_ROUTER}`);
    await ip(`-n ${far} route add 10.91.1.0/24 via 10.91.2.1`);
    await ip(`-n ${far} route add blackhole ${NOBODY}`);
    await ip(`-n ${server} route add default via 10.91.3.1`);
    for (const router of [near, far]) {
      // Linux answers six probes at once, and then one a second.
      await within(router, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit']);
    }
    return network;
  }

  /** The server drops what comes in, and counts it: ICMP, TCP and UDP. */
  async silence(): Promise<void> {
    const rules = `table ip silence {
  counter empty { }
  chain input {
    type filter hook input priority 0;
    udp length 8 counter name empty drop
    meta l4proto { icmp, tcp, udp } drop
  }
}`;
    await within(this.#names.server, 'nft', [rules]);
  }

  /** Datagrams without a payload that have reached the silent server. */
  async emptyDatagramsAtServer(): Promise<number> {
    const listed = await within(this.#names.server, 'nft', ['list', 'counter', 'ip', 'silence', 'empty']);
    return Number(/packets (\d+)/.exec(listed)?.[1]);
  }

  /** Which groups may ping at the client. */
  allowPing(range: string): Promise<string> {
    return within(this.#names.client, 'sh', ['-c', `echo "${range}" > /proc/sys/net/ipv4/ping_group_range`]);
  }

  /** Measures at the client, in a program of its own. @param as the user and group to do it as */
  async measure(kind: ProbeKind, target: { ip: string; port: number }, options: ProbeOptions = {}, as?: number): Promise<Measurement> {
    return (await this.#order({ kind, target, options }, as)) as Measurement;
  }

  /** The routers that the client finds on the way. */
  async routers(target: { ip: string; port: number }): Promise<WayRouters> {
    return (await this.#order({ kind: 'routers', target }, 1_234)) as WayRouters;
  }

  async #order(order: object, as?: number): Promise<unknown> {
    const main = new URL('measure-main.ts', import.meta.url).pathname;
    const node = [process.execPath, '--conditions=@lightspeed/source', main, JSON.stringify(order)];
    const user = as === undefined ? [] : ['setpriv', `--reuid=${as}`, `--regid=${as}`, '--clear-groups'];
    const [program, ...words] = [...user, ...node];
    return JSON.parse(await within(this.#names.client, program, words));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of Object.values(this.#names)) await ip(`netns delete ${name}`);
  }
}

async function ip(line: string): Promise<void> {
  await run('ip', line.split(' '));
}

async function within(name: string, program: string, words: readonly string[]): Promise<string> {
  const { stdout } = await run('ip', ['netns', 'exec', name, program, ...words]);
  return stdout;
}

async function cable(a: string, inA: string, ipA: string, b: string, inB: string, ipB: string): Promise<void> {
  await ip(`link add ${inA} netns ${a} type veth peer name ${inB} netns ${b}`);
  await ip(`-n ${a} address add ${ipA}/24 dev ${inA}`);
  await ip(`-n ${b} address add ${ipB}/24 dev ${inB}`);
  await ip(`-n ${a} link set ${inA} up`);
  await ip(`-n ${b} link set ${inB} up`);
}
