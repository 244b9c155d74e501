import { describe, expect, it } from 'vitest'
import { findTeeworlds } from '../src/teeworlds/programs.ts'
import { playTeeworlds } from '../src/teeworlds/run.ts'
import type { TeeworldsPrograms } from '../src/teeworlds/programs.ts'
import { faultOfTeeworlds, measuredLoss } from '../src/teeworlds/verdict.ts'

const found = findTeeworlds()
const why = typeof found === 'string' ? ` (not run: ${found})` : ''

describe('Teeworlds', () => {
  it.skipIf(why !== '')(
    `enters the game through client and node with 5 % loss each way, from the node's address, and stays${why}`,
    { timeout: 120_000 },
    async () => {
      const result = await playTeeworlds({
        programs: found as TeeworldsPrograms,
        loss: 0.05,
        fecGroupSize: 4,
        seed: 1,
        staySeconds: 20,
        log: () => undefined,
      })
      expect(result.entered).toContain('addr=127.0.0.2:')
      expect(faultOfTeeworlds(result)).toBeUndefined()
      expect(result.players).toHaveLength(1)
      expect(result.recoveredToServer + result.recoveredToPlayer).toBeGreaterThan(0)
      expect(measuredLoss(result)).toBeGreaterThan(0.025)
      expect(measuredLoss(result)).toBeLessThan(0.08)
    },
  )
})
