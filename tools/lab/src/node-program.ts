import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePin } from '@lightspeed/control/quic';
import { formatEndpoint, formatIpv4, isUnspecified, parseIpv4, parseSocketAddress } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import type { NodeSettings } from '@lightspeed/client';
import { LabError } from './errors.ts';
import { ForeignProcess } from './foreign-process.ts';
import type { Issuer } from './issuer.ts';

const START_MS = 20_000;
const SOURCE = '--conditions=@lightspeed/source';

export interface NodeProgramOptions {
  /** Both planes; port 0 lets the system choose. */
  readonly data: Endpoint;
  readonly control: Endpoint;
  /** Game servers: the only destinations that the node allows. */
  readonly allow: readonly Endpoint[];
  readonly egressIp?: number;
  /** Whose tickets let clients in. */
  readonly issuer: Issuer;
  /** Where it keeps its identity and its sessions. */
  readonly stateDir: string;
  readonly nodeId?: string;
  readonly drainSecs?: number | undefined;
  /** How long sessions outlive their control connection. */
  readonly graceSecs?: number;
  /** How long sessions outlive their last packet. */
  readonly sessionTimeoutSecs?: number;
  /** What each session may send; as nodes have it by default when left out. */
  readonly rateLimit?: { readonly packetsPerSecond: number; readonly bytesPerSecond: number };
  /** More of its command line, such as `--workers 2`. */
  readonly flags?: readonly string[];
  /** What to put in front of the program, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
}

/** The program `lightspeed-proxy`, with authentication on as it is by default, in a process that can be killed. */
export class NodeProgram {
  readonly data: Endpoint;
  readonly control: Endpoint;
  readonly pin: Uint8Array;
  readonly #http: string;
  readonly #options: NodeProgramOptions;
  readonly #process: ForeignProcess;

  private constructor(options: NodeProgramOptions, started: ForeignProcess, line: string) {
    const said = JSON.parse(line) as Readonly<Record<'data' | 'control' | 'http' | 'pin', string>>;
    this.data = endpointIn(said.data);
    this.control = endpointIn(said.control);
    this.pin = parsePin(said.pin);
    this.#http = said.http;
    this.#options = options;
    this.#process = started;
  }

  /** Resolves when it serves. */
  static async start(options: NodeProgramOptions): Promise<NodeProgram> {
    const { within = [], stateDir } = options;
    await writeFile(configIn(stateDir), configurationOf(options));
    const command = [...within, process.execPath, SOURCE, mainOf('@lightspeed/proxy'), ...argumentsOf(options)];
    const started = new ForeignProcess(command[0], command.slice(1), process.env, stateDir);
    try {
      return new NodeProgram(options, started, await started.line(/"node serves"/, START_MS));
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** As clients name it. */
  get settings(): NodeSettings {
    const { ip, port } = this.control;
    return { host: formatIpv4(ip), port, verify: { kind: 'pin', sha256: this.pin } };
  }

  /** Its process: also that of what stands in front of it, if that executes it. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What it has logged: one JSON object a line. */
  get lines(): readonly string[] {
    return this.#process.lines;
  }

  /** What `GET /metrics` says under a name, with its labels as they are written there: 0 if it says nothing. */
  async metric(name: string): Promise<number> {
    return (await this.metrics()).get(name) ?? 0;
  }

  /** All that `GET /metrics` says, by name and labels as they are written there. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.#http}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts another one in its place: same ports, same state. */
  again(): Promise<NodeProgram> {
    return NodeProgram.start({ ...this.#options, data: this.data, control: this.control });
  }

  /** Has it drain. @returns whether it ended in time */
  drain(timeoutMs: number): Promise<boolean> {
    return this.#process.endedBy('SIGTERM', timeoutMs);
  }

  async stop(): Promise<void> {
    await this.#process.kill();
  }
}

function mainOf(name: string): string {
  return new URL('./main.ts', import.meta.resolve(name)).pathname;
}

function configIn(stateDir: string): string {
  return join(stateDir, 'node.toml');
}

function configurationOf({ drainSecs = 30, graceSecs = 30, sessionTimeoutSecs = 300, rateLimit }: NodeProgramOptions): string {
  const server = `[server]\ndrain_secs = ${drainSecs}\ngrace_secs = ${graceSecs}\nsession_timeout_secs = ${sessionTimeoutSecs}\n`;
  if (rateLimit === undefined) return server;
  const { packetsPerSecond, bytesPerSecond } = rateLimit;
  return `${server}[rate_limit]\nmax_pps_per_client = ${packetsPerSecond}\nmax_bps_per_client = ${bytesPerSecond}\n`;
}

function argumentsOf({ data, control, allow, egressIp, issuer, stateDir, nodeId, flags = [] }: NodeProgramOptions): string[] {
  return [
    ...['serve', '--config', configIn(stateDir), '--http-bind', '127.0.0.1:0', '--log-format', 'json'],
    ...['--state-dir', stateDir, '--issuer-key', issuer.publicKey],
    ...['--data-bind', formatEndpoint(data.ip, data.port), '--control-bind', formatEndpoint(control.ip, control.port)],
    ...(egressIp === undefined ? [] : ['--egress-bind', formatIpv4(egressIp)]),
    ...(nodeId === undefined ? [] : ['--node-id', nodeId]),
    ...flags,
    ...allow.flatMap(({ ip, port }) => ['--allow-destination', `${formatIpv4(ip)}/32:${port}`]),
  ];
}

/** An address of IPv4; ip 0 for every address, also of both families. */
function endpointIn(text: string): Endpoint {
  const address = parseSocketAddress(text);
  const ip = address && (isUnspecified(address.host) ? 0 : parseIpv4(address.host));
  if (ip === undefined) throw new LabError('ERR_LAB_PROCESS', `a node serves at '${text}', which is no IPv4 address`);
  return { ip, port: address?.port ?? 0 };
}
