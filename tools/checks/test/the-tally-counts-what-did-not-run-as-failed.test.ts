import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tallyReports } from '../src/tally.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lightspeed-tally-'))
  for (const group of ['packages', 'apps', 'tools']) mkdirSync(join(root, group))
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

function project(path: string, report?: object): void {
  mkdirSync(join(root, path, 'test'), { recursive: true })
  writeFileSync(join(root, path, 'test/some-behaviour.test.ts'), '')
  if (report === undefined) return
  mkdirSync(join(root, path, 'test-results'))
  writeFileSync(join(root, path, 'test-results/vitest.json'), JSON.stringify(report))
}

function report(passed: number, failed: number, skipped: number): object {
  return { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, testResults: [] }
}

test('reports of all projects are added up', () => {
  project('packages/a', report(3, 0, 1))
  project('apps/b', report(4, 2, 0))

  expect(tallyReports(root)).toEqual({ passed: 7, failed: 2, skipped: 1 })
})

test('a project with tests and no report is one failure', () => {
  project('packages/a', report(3, 0, 0))
  project('tools/b')

  expect(tallyReports(root)).toEqual({ passed: 3, failed: 1, skipped: 0 })
})

test('a test file that ends before its first test is one failure', () => {
  project('packages/a', { ...report(3, 0, 0), testResults: [{ status: 'failed', assertionResults: [] }] })

  expect(tallyReports(root)).toEqual({ passed: 3, failed: 1, skipped: 0 })
})

test('a project without tests counts for nothing', () => {
  mkdirSync(join(root, 'tools/c/test/vectors'), { recursive: true })
  mkdirSync(join(root, 'tools/d'))

  expect(tallyReports(root)).toEqual({ passed: 0, failed: 0, skipped: 0 })
})
