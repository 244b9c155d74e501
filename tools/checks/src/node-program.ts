import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { runBeside } from './run.ts';
import type { Ended } from './run.ts';
import { workspaceRoot } from './workspace-root.ts';

const SOURCES: Readonly<Record<string, string>> = {
  'lightspeed-proxy': 'apps/proxy/src/main.ts',
  lightspeed: 'apps/client/src/main.ts',
  'pnpm start': 'tools/lab/src/demo.ts',
  'pnpm bench': 'tools/bench/src/main.ts',
  'pnpm soak': 'tools/lab/src/soak.ts',
};

/** Programs of this workspace that can be run from their sources, by the names that the documentation gives them. */
export const PROGRAMS: readonly string[] = Object.keys(SOURCES);

function argumentsFor(program: string, args: readonly string[]): string[] {
  const source = SOURCES[program];
  if (source === undefined) throw new Error(`no program is called ${program}; there are ${PROGRAMS.join(', ')}`);
  return ['--conditions=@lightspeed/source', source, ...args];
}

/** Runs one of {@link PROGRAMS} to its end. */
export function runProgram(program: string, args: readonly string[]): Promise<Ended> {
  return runBeside(process.execPath, argumentsFor(program, args), workspaceRoot);
}

/** A relay node that was started as its users start it. */
export interface ServingNode {
  /** Where clients' packets come in. */
  readonly dataPort: number;
  /** What its HTTP address answers to GET for a path. */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

interface StartLine {
  readonly data: string;
  readonly http: string;
}

/**
 * Starts `lightspeed-proxy serve` for programs and game servers on this machine, on ports of the system's choice. It lets
 * anybody in; `moreFlags` may give it a control plane besides.
 */
export async function serveNode(moreFlags: readonly string[] = []): Promise<ServingNode> {
  const flags = [
    '--data-bind',
    '127.0.0.1:0',
    '--http-bind',
    '127.0.0.1:0',
    '--open',
    '--allow-destination',
    '127.0.0.0/8',
    '--log-format',
    'json',
  ];
  const args = argumentsFor('lightspeed-proxy', ['serve', ...flags, ...moreFlags]);
  const child = spawn(process.execPath, args, { cwd: workspaceRoot });
  const { data, http } = await startOf(child);
  return {
    dataPort: Number(data.slice(data.lastIndexOf(':') + 1)),
    get: (path) => get(`${http}${path}`),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function startOf(child: ChildProcess): Promise<StartLine> {
  return new Promise((resolve, reject) => {
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      const line = output.split('\n').find((text) => text.includes('"node serves"'));
      if (line !== undefined) resolve(JSON.parse(line) as StartLine);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('exit', () => {
      reject(new Error(`the node did not start: ${output}`));
    });
  });
}

async function get(url: string): Promise<string> {
  const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    request(url, { agent: false }, resolve).once('error', reject).end();
  });
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return body;
}
