import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { runBeside } from './run.ts'
import type { Ended } from './run.ts'
import { workspaceRoot } from './workspace-root.ts'

const SOURCES: Readonly<Record<string, string>> = {
  'lightspeed-proxy': 'apps/proxy/src/main.ts',
  lightspeed: 'apps/client/src/main.ts',
  'pnpm start': 'tools/lab/src/demo.ts',
  'pnpm bench': 'tools/bench/src/main.ts',
  'pnpm soak': 'tools/lab/src/soak.ts',
}

/** Programs of this workspace that can be run from their sources, by the names that the documentation gives them. */
export const PROGRAMS: readonly string[] = Object.keys(SOURCES)

function argumentsFor(program: string, args: readonly string[]): string[] {
  const source = SOURCES[program]
  if (source === undefined) throw new Error(`no program is called ${program}; there are ${PROGRAMS.join(', ')}`)
  return ['--conditions=@lightspeed/source', source, ...args]
}

/** Runs one of {@link PROGRAMS} to its end. */
export function runProgram(program: string, args: readonly string[]): Promise<Ended> {
  return runBeside(process.execPath, argumentsFor(program, args), workspaceRoot)
}

/** A relay node that was started as its users start it. */
export interface ServingNode {
  /** Everything that its HTTP address answers to GET for a path. */
  get(path: string): Promise<string>
  stop(): Promise<void>
}

interface StartLine {
  readonly msg: string
  readonly http: string
}

/**
 * Starts `lightspeed-proxy serve` for programs on this machine, with HTTP on a port of the system's choice.
 * @param dataBind where clients' packets come in
 */
export async function serveNode(dataBind: string): Promise<ServingNode> {
  const flags = ['--data-bind', dataBind, '--http-bind', '127.0.0.1:0', '--open', '--allow-destination', '127.0.0.0/8', '--log-format', 'json']
  const child = spawn(process.execPath, argumentsFor('lightspeed-proxy', ['serve', ...flags]), { cwd: workspaceRoot })
  const http = await httpAddressOf(child)
  return {
    get: (path) => get(`${http}${path}`),
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

function httpAddressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const take = (chunk: Buffer): void => {
      output += chunk.toString()
      const line = output.split('\n').find((text) => text.includes('"node serves"'))
      if (line !== undefined) resolve((JSON.parse(line) as StartLine).http)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('exit', () => {
      reject(new Error(`the node did not start: ${output}`))
    })
  })
}

async function get(url: string): Promise<string> {
  const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    request(url, { agent: false }, resolve).once('error', reject).end()
  })
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return body
}
