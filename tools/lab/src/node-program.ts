import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeSettings } from '@lightspeed/client';
import { parsePin } from '@lightspeed/control/quic';
import { formatEndpoint, formatIpv4, isUnspecified, parseIpv4, parseSocketAddress } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { LabError } from './errors.ts';
import { ForeignProcess, command } from './foreign-process.ts';
import type { Issuer } from './issuer.ts';
import { LOOPBACK } from './loopback-socket.ts';
import { NodeMetrics } from './node-metrics.ts';
import { residentBytes } from './process-usage.ts';

const START_MS = 60_000;
const COLLECT_MS = 20_000;
const SOURCE = '--conditions=@lightspeed/source';
const MAIN = new URL('./main.ts', import.meta.resolve('@lightspeed/proxy')).pathname;
const COLLECTOR = new URL('./collect-garbage.ts', import.meta.url).href;
const ANY_PORT: Endpoint = { ip: LOOPBACK, port: 0 };

/** How a node's program is started. */
export interface NodeProgramOptions {
  /** Both planes: ports of 127.0.0.1 that the system chooses when left out. */
  readonly data?: Endpoint;
  readonly control?: Endpoint;
  /** Where the data plane binds in place of {@link data}, as the command line has it: for addresses that are not IPv4. */
  readonly dataBind?: string;
  /** Game servers: the only destinations that the node allows. */
  readonly allow: readonly Endpoint[];
  readonly egressIp?: number;
  /** Whose tickets let clients in. */
  readonly issuer?: Issuer;
  /** Who is let in without a ticket: whoever registers, or anybody, and then there is no control plane. */
  readonly admit?: 'whoever registers' | 'anybody';
  /** Where it keeps its identity and its sessions. */
  readonly stateDir: string;
  readonly nodeId?: string;
  readonly drainSecs?: number | undefined;
  /** How long sessions outlive their control connection. */
  readonly graceSecs?: number;
  /** How long sessions outlive their last packet. */
  readonly sessionTimeoutSecs?: number;
  /** How long flows outlive their last datagram. Nodes of older checkouts do not know it. */
  readonly flowTimeoutSecs?: number | undefined;
  readonly maxClients?: number;
  /** What each session may send; as nodes have it by default when left out. */
  readonly rateLimit?: { readonly packetsPerSecond: number; readonly bytesPerSecond: number };
  /** More of its command line, such as `--workers 2`. */
  readonly flags?: readonly string[];
  /** What to put in front of the program, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
  /** The file of the program: of this checkout's sources when left out. */
  readonly program?: string;
  /** The file of Node that runs it: that of this process when left out. */
  readonly node?: string;
  /** For Node's own command line; that packages are those of the sources when left out. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether {@link NodeProgram.heldBytes} will be asked for. */
  readonly collectsGarbage?: boolean;
}

/** The program `lightspeed-proxy` in a process that can be killed, with its metrics. What it logs is a JSON object a line. */
export class NodeProgram extends ForeignProcess {
  readonly #options: NodeProgramOptions;
  /** What it says when it serves. */
  #said!: { readonly data: string; readonly control: string; readonly http: string; readonly pin?: string };
  #collections = 0;

  private constructor(options: NodeProgramOptions) {
    const { within = [], stateDir, program = MAIN, node = process.execPath, env, nodeFlags = [SOURCE], collectsGarbage = false } = options;
    const flags = [...nodeFlags, ...(collectsGarbage ? ['--expose-gc', `--import=${COLLECTOR}`] : [])];
    const [first, ...rest] = [...within, node, ...flags, program, ...argumentsOf(options)];
    super(first, rest, { ...process.env, ...env }, stateDir);
    this.#options = options;
  }

  /** Resolves when it serves. */
  static async start(options: NodeProgramOptions): Promise<NodeProgram> {
    await writeFile(configIn(options.stateDir), configurationOf(options));
    const node = new NodeProgram(options);
    try {
      node.#said = JSON.parse(await node.line(/"node serves"/, START_MS));
      return node;
    } catch (error) {
      await node.kill();
      throw error;
    }
  }

  /** Where clients reach it: on 127.0.0.1 if it is bound to all addresses. */
  get data(): Endpoint {
    return endpointIn(this.#said.data);
  }

  /** Where clients register. @throws {LabError} `ERR_LAB_PROCESS` if there is no control plane */
  get control(): Endpoint {
    return this.#said.control === 'off' ? noControlPlane() : endpointIn(this.#said.control);
  }

  get pin(): Uint8Array {
    return parsePin(this.pinText);
  }

  /** As {@link pin} is written. */
  get pinText(): string {
    return this.#said.pin ?? noControlPlane();
  }

  /** As clients name it. */
  get settings(): NodeSettings {
    const { ip, port } = this.control;
    return { host: formatIpv4(ip), port, verify: { kind: 'pin', sha256: this.pin } };
  }

  /** Whether `GET /health` says that it serves. */
  async isHealthy(): Promise<boolean> {
    const answer = await fetch(`${this.#said.http}/health`);
    await answer.arrayBuffer();
    return answer.ok;
  }

  /** All that `GET /metrics` says. */
  async metrics(): Promise<NodeMetrics> {
    return new NodeMetrics(await (await fetch(this.metricsUrl)).text());
  }

  /** Where its metrics are. */
  get metricsUrl(): string {
    return `${this.#said.http}/metrics`;
  }

  /** One of its metrics, as {@link NodeMetrics.value} gives it. */
  async metric(name: string, labels?: string): Promise<number> {
    return (await this.metrics()).value(name, labels);
  }

  /** Its resident memory after a garbage collection in all of its threads: what is left is really held. */
  async heldBytes(): Promise<number> {
    const number = ++this.#collections;
    process.kill(this.pid, 'SIGUSR2');
    await this.line(new RegExp(`^garbage collected ${number}$`), COLLECT_MS);
    return residentBytes([this.pid]);
  }

  /** Runs one of its program's commands on its state folder, such as `bans list`. @returns what that prints */
  command(...words: readonly string[]): Promise<string> {
    const { program = MAIN, stateDir } = this.#options;
    return command(process.execPath, [SOURCE, program, ...words, '--state-dir', stateDir]);
  }

  /** Starts another one in its place: same ports, same state. */
  again(): Promise<NodeProgram> {
    return NodeProgram.start({ ...this.#options, data: this.data, control: this.control });
  }

  /** Does not wait for sessions to end, as a node that is asked does. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function configIn(stateDir: string): string {
  return join(stateDir, 'node.toml');
}

function configurationOf({ maxClients, rateLimit, admit, ...options }: NodeProgramOptions): string {
  const { drainSecs = 30, graceSecs = 30, sessionTimeoutSecs = 300, flowTimeoutSecs } = options;
  const lines = ['[server]', `drain_secs = ${drainSecs}`, `grace_secs = ${graceSecs}`, `session_timeout_secs = ${sessionTimeoutSecs}`];
  if (flowTimeoutSecs !== undefined) lines.push(`flow_timeout_secs = ${flowTimeoutSecs}`);
  if (maxClients !== undefined) lines.push(`max_clients = ${maxClients}`);
  if (admit === 'whoever registers') lines.push('[security]', 'registration = "anyone"');
  if (rateLimit !== undefined) {
    const { packetsPerSecond, bytesPerSecond } = rateLimit;
    lines.push('[rate_limit]', `max_pps_per_client = ${packetsPerSecond}`, `max_bps_per_client = ${bytesPerSecond}`);
  }
  return `${lines.join('\n')}\n`;
}

function argumentsOf(options: NodeProgramOptions): string[] {
  const { data = ANY_PORT, control = ANY_PORT, dataBind, allow, egressIp, issuer, admit, stateDir, nodeId, flags = [] } = options;
  return [
    ...['serve', '--config', configIn(stateDir), '--http-bind', '127.0.0.1:0', '--log-format', 'json', '--state-dir', stateDir],
    ...['--data-bind', dataBind ?? formatEndpoint(data.ip, data.port)],
    ...(admit === 'anybody' ? ['--open'] : ['--control-bind', formatEndpoint(control.ip, control.port)]),
    ...(issuer === undefined ? [] : ['--issuer-key', issuer.publicKey]),
    ...(egressIp === undefined ? [] : ['--egress-bind', formatIpv4(egressIp)]),
    ...(nodeId === undefined ? [] : ['--node-id', nodeId]),
    ...flags,
    ...allow.flatMap(({ ip, port }) => ['--allow-destination', `${formatIpv4(ip)}/32:${port}`]),
  ];
}

/** 127.0.0.1 for all addresses, also of both families; 0.0.0.0 for an IPv6 address, which whoever asked for it knows. */
function endpointIn(text: string): Endpoint {
  const address = parseSocketAddress(text);
  if (address === undefined) throw new LabError('ERR_LAB_PROCESS', `a node serves at '${text}', which is no address`);
  return { ip: isUnspecified(address.host) ? LOOPBACK : (parseIpv4(address.host) ?? 0), port: address.port };
}

function noControlPlane(): never {
  throw new LabError('ERR_LAB_PROCESS', 'the node has no control plane');
}
