import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { terminalRenderer } from '../../../src/cli/render/terminal.ts'
import { styleOf } from '../../../src/cli/style.ts'
import { KubewrightError } from '../../../src/engine/errors.ts'
import { Recorded } from '../support.ts'

// listr asks the process, not the stream, whether there is a terminal.
const isTTY = process.stdout.isTTY
beforeEach(() => void (process.stdout.isTTY = true))
afterEach(() => void (process.stdout.isTTY = isTTY))

const phases = [
  { phase: 'host', hosts: ['cp1', 'w1'] },
  { phase: 'workers', hosts: ['w1'] },
]
const error = new KubewrightError({ code: 'KW3004', exit: 'apply', message: 'x', hint: '', host: 'w1' })

async function live() {
  const stdout = new Recorded(true)
  let now = 0
  const io = { stdout, stderr: new Recorded(true) }
  const renderer = await terminalRenderer({ io, style: styleOf(false), phases, now: () => now })
  return {
    renderer,
    stdout,
    at: (seconds: number) => void (now = seconds * 1000),
    /** What stands on the screen at the end. */
    end: async (): Promise<readonly string[]> => {
      await renderer.close()
      const last = stripVTControlCharacters(stdout.text).trimEnd().split('\n')
      return last.slice(last.findLastIndex((line) => line.includes(' host '))).map((line) => line.trimEnd())
    },
  }
}

test('phases that are done are one row each, with the time that they took', async () => {
  const { renderer, at, end } = await live()
  for (const host of ['cp1', 'w1']) renderer.event({ type: 'phase-started', phase: 'host', host })
  at(61)
  for (const host of ['cp1', 'w1']) renderer.event({ type: 'phase-finished', phase: 'host', host })
  renderer.event({ type: 'phase-started', phase: 'workers', host: 'w1' })
  at(65)
  renderer.event({ type: 'phase-finished', phase: 'workers', host: 'w1' })
  expect(await end()).toEqual(['✔ host    1m01s', '✔ workers    4s'])
})

test('a host that failed keeps its row, and what comes after it is skipped', async () => {
  const { renderer, end } = await live()
  for (const host of ['cp1', 'w1']) renderer.event({ type: 'phase-started', phase: 'host', host })
  const about = { host: 'w1', task: 'host/sysctl', resource: 'x', verb: 'create' } as const
  renderer.event({ type: 'task-started', phase: 'host', host: 'w1', task: 'host/sysctl', summary: 'Set parameters' })
  renderer.event({ type: 'change-started', ...about, summary: 'write /etc/a' })
  renderer.event({ type: 'phase-finished', phase: 'host', host: 'cp1' })
  renderer.event({ type: 'error', error })
  renderer.event({ type: 'phase-failed', phase: 'host', host: 'w1' })
  renderer.event({ type: 'phase-skipped', phase: 'workers', host: 'w1' })
  expect(await end()).toEqual([
    '✖ host       0s  failed 1 of 2 hosts are done',
    '  ✖ w1       0s  failed Set parameters · write /etc/a',
    '↓ workers        skipped',
  ])
})

test('a view that is closed in the middle ends, and shows how far it came', async () => {
  const { renderer, stdout, end } = await live()
  renderer.event({ type: 'phase-started', phase: 'host', host: 'cp1' })
  await vi.waitFor(() => expect(stdout.text).toContain('host')) // nobody presses Ctrl-C before the first frame
  renderer.event({ type: 'stopping', reason: 'Stopping.' })
  const lines = await end()
  expect(lines[0]).toMatch(/^\S host {7}0s {2}0 of 2 hosts$/)
  expect(lines).toContain('· workers')
  expect(lines.at(-1)).toBe('Stopping.')
})
