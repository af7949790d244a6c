import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { call, changeOf, planOf, prepared, workplace } from './support.ts'

const plan = planOf([changeOf(), changeOf({ host: 'w1' })])
const stopped = { outcome: 'interrupted', changes: 1, errors: [] } as const

/** A person who presses Ctrl-C when told to. */
function person() {
  const listeners: (() => void)[] = []
  const press = (): void => listeners.forEach((fire) => fire())
  return { listen: (fire: () => void) => void listeners.push(fire), press }
}

test('the first Ctrl-C lets the running action end, and says what is done and how to continue', async () => {
  const { listen, press } = person()
  const whileApplying = async (stop: AbortSignal): Promise<void> => {
    press()
    await pause(10)
    expect(stop.aborted).toBe(true)
  }
  const services = { prepare: prepared({ plan, result: stopped, whileApplying }) }
  const { code, stdout, stderr } = await call({ argv: ['apply', '--yes'], cwd: await workplace(), services }, listen)
  expect(code).toBe(130)
  expect(stdout.lines.at(-1)).toBe('Stopping after the running action. Press Ctrl-C again to stop at once.')
  expect(stderr.text).toContain('Stopped: 1 of 2 changes is done, and the running action was finished.')
  expect(stderr.text).toContain('`kubewright apply` continues from here.')
})

test('the second Ctrl-C ends at once, even if an action never ends', async () => {
  const { listen, press } = person()
  const whileApplying = async (): Promise<void> => {
    press()
    press()
    await pause(60_000, undefined, { ref: false })
  }
  const services = { prepare: prepared({ plan, whileApplying }) }
  const { code, stderr } = await call({ argv: ['apply', '--yes'], cwd: await workplace(), services }, listen)
  expect(code).toBe(130)
  expect(stderr.text).toContain('waits for its end and continues')
})

test('while nothing is changed the first Ctrl-C ends at once', async () => {
  const { listen, press } = person()
  const services = {
    prepare: async () => {
      press()
      return pause(60_000, undefined as never, { ref: false })
    },
  }
  const { code, stderr } = await call({ argv: ['plan'], cwd: await workplace(), services }, listen)
  expect(code).toBe(130)
  expect(stderr.text).toBe('\nInterrupted.\n')
})

test('errors of what was let go are not told', async () => {
  const { listen, press } = person()
  const services = {
    prepare: async () => {
      press()
      throw new Error('the connection was aborted')
    },
  }
  const { code, stderr } = await call({ argv: ['plan'], cwd: await workplace(), services }, listen)
  expect(code).toBe(130)
  expect(stderr.text).not.toContain('aborted')
})
