import { expect, test } from 'vitest'
import { ndjsonRenderer } from '../../../src/cli/render/ndjson.ts'
import { plainRenderer } from '../../../src/cli/render/plain.ts'
import { readingRenderer } from '../../../src/cli/render/reading.ts'
import { styleOf } from '../../../src/cli/style.ts'
import { KubewrightError } from '../../../src/engine/errors.ts'
import type { EngineEvent } from '../../../src/engine/events.ts'
import { Secret } from '../../../src/transport/command.ts'
import { noon, Recorded } from '../support.ts'

const write = {
  host: 'w1',
  task: 'containerd/config',
  resource: 'file:/etc/c',
  verb: 'create',
  summary: 'write /etc/c',
} as const
const failure = new KubewrightError({
  code: 'KW3004',
  exit: 'apply',
  message: 'It failed',
  hint: 'Mend it.',
  host: 'w1',
})

function recorder(verbose = false) {
  const lines: string[] = []
  let seconds = 0
  const renderer = plainRenderer({
    print: (text) => lines.push(text),
    style: styleOf(false),
    now: () => new Date(noon.getTime() + seconds * 1000),
    verbose,
  })
  return { lines, at: (time: number, event: EngineEvent) => ((seconds = time), renderer.event(event)) }
}

test('a plain line has the time since the start, the host, the task and the change', () => {
  const { lines, at } = recorder()
  at(72, { type: 'change-started', ...write })
  at(73, { type: 'change-finished', ...write })
  expect(lines).toEqual(['01:12 [w1] containerd/config: write /etc/c'])
})

test('a change that took long says when it is done', () => {
  const { lines, at } = recorder()
  at(0, { type: 'change-started', ...write })
  at(14, { type: 'change-finished', ...write })
  expect(lines[1]).toBe('00:14 [w1] containerd/config: write /etc/c: done after 14s')
})

test('a wait is not repeated for every poll', () => {
  const { lines, at } = recorder()
  for (let seconds = 0; seconds <= 31; seconds++) {
    at(seconds, { type: 'waiting', host: 'cp1', resource: 'gate:api', reason: 'the API answers', seconds })
  }
  expect(lines).toEqual([
    '00:00 [cp1] waiting: the API answers',
    '00:15 [cp1] waiting for 15s: the API answers',
    '00:30 [cp1] waiting for 30s: the API answers',
  ])
})

test('while hosts are read, a wait is a line above the one that says so', async () => {
  const stream = new Recorded(true)
  const renderer = readingRenderer(stream, 'inventory.yaml', styleOf(false))
  renderer.event({ type: 'host-connected', host: 'cp1' })
  renderer.event({ type: 'waiting', host: 'cp1', resource: 'lock', reason: 'an earlier run works there', seconds: 2 })
  await renderer.close()
  const [first, ...others] = stream.text.split('\r\u001B[2K')
  expect(others).toEqual([`[cp1] waiting: an earlier run works there\n${first}`, ''])
})

test('phases and tasks are lines for those who want to know everything', () => {
  const quiet = recorder()
  const verbose = recorder(true)
  for (const { at } of [quiet, verbose]) {
    at(0, { type: 'host-connected', host: 'w1' })
    at(1, { type: 'phase-started', phase: 'host', host: 'w1' })
    at(2, { type: 'phase-failed', phase: 'host', host: 'w1' })
  }
  expect(quiet.lines).toEqual([])
  expect(verbose.lines).toEqual([
    '00:00 [w1] connected',
    '00:01 [w1] phase host started',
    '00:02 [w1] phase host failed',
  ])
})

test('errors and the wish to stop are lines', () => {
  const { lines, at } = recorder()
  at(3, { type: 'error', error: failure })
  at(4, { type: 'stopping', reason: 'Stopping.' })
  expect(lines).toEqual(['00:03 [w1] error KW3004 It failed', 'Stopping.'])
})

test('NDJSON has one document an event, with version and time', () => {
  const lines: string[] = []
  const renderer = ndjsonRenderer((text) => lines.push(text), () => noon) // prettier-ignore
  renderer.event({ type: 'change-started', ...write })
  renderer.event({ type: 'error', error: failure })
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { formatVersion: 1, time: '2026-11-21T12:00:00.000Z', type: 'change-started', ...write },
    {
      formatVersion: 1,
      time: '2026-11-21T12:00:00.000Z',
      type: 'error',
      error: { code: 'KW3004', exit: 'apply', message: 'It failed', hint: 'Mend it.', host: 'w1' },
    },
  ])
})

test('what caused an error is not printed, and a secret prints as redacted', () => {
  const lines: string[] = []
  const renderer = ndjsonRenderer((text) => lines.push(text), () => noon) // prettier-ignore
  const details = { ...failure.details, cause: new Error('hunter2') }
  renderer.event({ type: 'error', error: new KubewrightError(details) })
  renderer.event({ type: 'change-started', ...write, summary: new Secret('hunter2') as unknown as string })
  expect(lines.join('\n')).not.toContain('hunter2')
  expect(lines[1]).toContain('[redacted]')
})
