import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { runBeside } from './run-beside.ts';
import type { Ended } from '../../src/run.ts';
import { workspaceRoot } from '../../src/workspace-root.ts';

const SOURCES: Readonly<Record<string, string>> = {
  'lightspeed-proxy': 'apps/proxy/src/main.ts',
  lightspeed: 'apps/client/src/main.ts',
  'pnpm start': 'tools/lab/src/demo.ts',
  'pnpm bench': 'tools/bench/src/main.ts',
  'pnpm soak': 'tools/lab/src/soak.ts',
  'pnpm attacks': 'tools/lab/test/attacks/floods-main.ts',
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
  return runBeside(process.execPath, argumentsFor(program, args), { cwd: workspaceRoot });
}

/** A relay node that was started as its users start it. */
export interface ServingNode {
  /** Where clients' packets come in. */
  readonly dataPort: number;
  /** What its HTTP address answers to GET for a path. */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

const SERVE = ['serve', '--data-bind', '127.0.0.1:0', '--http-bind', '127.0.0.1:0', '--open', '--allow-destination', '127.0.0.0/8'];

/**
 * Starts `lightspeed-proxy serve` for programs and game servers on this machine, on ports of the system's choice. It lets
 * anybody in; `moreFlags` may give it a control plane besides.
 */
export async function serveNode(moreFlags: readonly string[] = []): Promise<ServingNode> {
  const args = argumentsFor('lightspeed-proxy', [...SERVE, '--log-format', 'json', ...moreFlags]);
  const child = spawn(process.execPath, args, { cwd: workspaceRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  // Its log is read to its end, or it would have to wait for somebody who reads it.
  const log = createInterface(child.stdout);
  let last = '';
  for await (const [line] of on(log, 'line', { close: ['close'] }) as AsyncIterable<[string]>) {
    last = line;
    if (line.includes('"node serves"')) break;
  }
  if (!last.includes('"node serves"')) throw new Error(`the node did not start: ${last}`);
  const { data, http } = JSON.parse(last) as Record<'data' | 'http', string>;
  return {
    dataPort: Number(data.slice(data.lastIndexOf(':') + 1)),
    get: async (path) => (await fetch(`${http}${path}`)).text(),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
