import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatIpv4, parseEndpoint } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { clientIp, secretOf, sessionIdOf, tokenOf } from './addresses.ts';

const START_MS = 60_000;
/** Of /proc/PID/stat: a hundred a second on every Linux that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;
/** As docs/operating.md has it for nodes with very many sessions. */
const NODE_FLAGS = ['--max-semi-space-size=1'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };
/** The program as it is published: what operators run, without the compiler that runs TypeScript sources. */
const PROGRAM = fileURLToPath(new URL('../../../../apps/proxy/dist/main.js', import.meta.url));

export interface NodeMemory {
  readonly rssBytes: number;
  /** Without the pages of files, Node's own program above all. */
  readonly anonymousBytes: number;
}

export interface ScaleNodeOptions {
  /** Its own, for configuration and state. */
  readonly folder: string;
  /** Whether clients have to be registered. */
  readonly authentication: boolean;
  /** Registrations that it goes on with, as after a restart. */
  readonly registrations: number;
  readonly maxClients: number;
  readonly sessionTimeoutSecs: number;
}

/** The program `lightspeed-proxy`, with so many registrations as if an earlier run had left them. */
export class ScaleNode {
  readonly data: Endpoint;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, data: Endpoint) {
    this.#child = child;
    this.data = data;
  }

  static async start(options: ScaleNodeOptions): Promise<ScaleNode> {
    const { folder, registrations } = options;
    const config = join(folder, 'node.toml');
    await writeFile(join(folder, 'sessions.json'), savedRegistrations(registrations));
    await writeFile(config, configOf(options));
    const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, 'serve', '--config', config], {
      env: { ...process.env, ...ENVIRONMENT },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      return new ScaleNode(child, await addressOf(child));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** As an operator sees it: nothing is asked of the node. */
  async memory(): Promise<NodeMemory> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return { rssBytes: kilobytesIn(status, 'VmRSS'), anonymousBytes: kilobytesIn(status, 'RssAnon') };
  }

  /** CPU time of all its threads so far. */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user + system) / CLOCK_TICKS_PER_SECOND;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    // Not asked to drain: its clients would have to be told.
    this.#child.kill('SIGKILL');
    await gone;
  }
}

function kilobytesIn(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
}

function configOf({ folder, authentication, maxClients, sessionTimeoutSecs }: ScaleNodeOptions): string {
  return `
[server]
node_id = "scale"
data_bind = "127.0.0.1:0"
control_bind = "${authentication ? '127.0.0.1:0' : 'off'}"
egress_bind = "127.0.0.1"
state_dir = ${JSON.stringify(folder)}
max_clients = ${maxClients}
session_timeout_secs = ${sessionTimeoutSecs}
grace_secs = 86400
drain_secs = 0

[security]
require_auth = ${authentication}
registration = "anyone"
allow_destinations = ["127.0.0.0/8"]

[http]
bind = "127.0.0.1:0"

[log]
format = "json"
`;
}

/** The file in which a node keeps its registrations, as if so many had been made before. */
function savedRegistrations(count: number): string {
  const clients = Array.from({ length: count }, (_, session) => ({
    sessionId: sessionIdOf(session),
    address: formatIpv4(clientIp(session)),
    token: tokenOf(session),
    dialect: 'standard',
    secret: Buffer.from(secretOf(session)).toString('hex'),
    resumes: { highest: '-1', below: '0' },
    worker: 0,
  }));
  return `${JSON.stringify({ format: 2, clients })}\n`;
}

async function addressOf(child: ChildProcess): Promise<Endpoint> {
  const said: string[] = [];
  if (child.stdout === null) throw new Error('the node has no output');
  const lines = createInterface(child.stdout);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the node did not start:\n${said.join('\n')}`)), START_MS);
    lines.on('line', (line) => {
      if (said.length < 20) said.push(line);
      if (/"level":[456]0/.test(line)) process.stderr.write(`node: ${line}\n`);
      if (!line.includes('"node serves"')) return;
      clearTimeout(late);
      const { data } = JSON.parse(line) as { data: string };
      const endpoint = parseEndpoint(data);
      if (endpoint === undefined) reject(new Error(`the node serves at ${data}, which is no address`));
      else resolve(endpoint);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`the node ended with code ${code}:\n${said.join('\n')}`));
    });
  });
}
