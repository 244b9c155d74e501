import { LONG_EMULATED, runEmulated } from './soak/emulated.ts'
import { LONG_HOSTILE, runHostile } from './soak/hostile.ts'
import type { Outcome, Progress } from './soak/outcome.ts'
import { LONG_SESSIONS, runSessions } from './soak/sessions.ts'
import { LONG_STEADY, runSteady } from './soak/steady.ts'

interface Run {
  readonly about: string
  readonly start: (progress: Progress) => Promise<Outcome>
}

const RUNS: Readonly<Record<string, Run>> = {
  steady: {
    about: '100 clients, 200 packets a second each for 60 s: nothing lost, every answer to its own client',
    start: (progress) => runSteady(LONG_STEADY, progress),
  },
  sessions: {
    about: '10,000 sessions: all open, all answered, all expired, memory back to within 20 %',
    start: (progress) => runSessions(LONG_SESSIONS, progress),
  },
  hostile: {
    about: 'random, truncated and oversized datagrams for 60 s: up, flat memory, good clients whole, all accounted for',
    start: (progress) => runHostile(LONG_HOSTILE, progress),
  },
  emulated: {
    about: 'a game over 20 emulated links that lose, delay, reorder and duplicate: only loss may reach the game',
    start: (progress) => runEmulated(LONG_EMULATED, progress),
  },
}

const USAGE = `pnpm soak [name...] [--json]

Runs the long runs that are named, or all. Exit code 0 only if all passed.

${Object.entries(RUNS)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}

For example:  pnpm soak steady hostile
`

process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== '--'))

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  const names = args.filter((argument) => argument !== '--json')
  if (names.includes('--help') || names.includes('-h')) {
    process.stdout.write(USAGE)
    return 0
  }
  const unknown = names.find((name) => RUNS[name] === undefined)
  if (unknown !== undefined) {
    process.stderr.write(`There is no run '${unknown}': allowed are ${Object.keys(RUNS).join(', ')}\n`)
    return 2
  }
  const outcomes: Outcome[] = []
  for (const name of names.length === 0 ? Object.keys(RUNS) : names) {
    outcomes.push(await carryOut(name, (line) => process.stderr.write(`${name}: ${line}\n`)))
  }
  process.stdout.write(json ? `${JSON.stringify(outcomes)}\n` : `\n${outcomes.map(table).join('\n\n')}\n`)
  return outcomes.every(({ faults }) => faults.length === 0) ? 0 : 1
}

/** A run that could not take place has failed. */
async function carryOut(name: string, progress: Progress): Promise<Outcome> {
  try {
    return await RUNS[name].start(progress)
  } catch (error) {
    return { name, faults: [error instanceof Error ? error.message : String(error)], figures: {} }
  }
}

function table({ name, faults, figures }: Outcome): string {
  return [
    `${faults.length === 0 ? 'PASS' : 'FAIL'}  ${name}`,
    ...faults.map((fault) => `      ! ${fault}`),
    ...Object.entries(figures).map(([label, value]) => `      ${label.padEnd(24)} ${value}`),
  ].join('\n')
}
