import { expect, test } from 'vitest'
import { errorsText } from '../../../src/cli/render/error.ts'
import { styleOf } from '../../../src/cli/style.ts'
import { type ErrorDetails, errorsIn, KubewrightError } from '../../../src/engine/errors.ts'

const plain = styleOf(false)

function errorOf(overrides: Partial<ErrorDetails>): KubewrightError {
  return new KubewrightError({ code: 'KW3004', exit: 'apply', message: 'It failed', hint: 'Mend it.', ...overrides })
}

test('an error has code, host, sentence, resource, output and what to do', () => {
  const error = errorOf({ host: 'w1', resource: 'service:containerd.service', output: 'line 1\nline 2\n' })
  expect(errorsText([error], plain)).toBe(`error KW3004 [w1] It failed
  resource: service:containerd.service
  | line 1
  | line 2
  What to do: Mend it.`)
})

test('the same error of several hosts is shown once, without the name of one of them', () => {
  const errors = ['w1', 'w2', 'w10'].map((host) =>
    errorOf({ host, message: `A disk of ${host} is full`, output: `${host}: No space left on device` }),
  )
  expect(errorsText(errors, plain)).toBe(`error KW3004 [w1, w2, w10] A disk of the host is full
  | the host: No space left on device
  What to do: Mend it.`)
})

test('different errors of all hosts are shown at once and counted', () => {
  const errors = [errorOf({ host: 'w1' }), errorOf({ host: 'w2', code: 'KW2001', message: 'w2 does not answer' })]
  expect(errorsText(errors, plain)).toBe(`error KW3004 [w1] It failed
  What to do: Mend it.

error KW2001 [w2] w2 does not answer
  What to do: Mend it.

2 errors on 2 hosts.`)
})

test('a defect shows no stack trace', () => {
  const text = errorsText(errorsIn(new TypeError('x is not a function')), plain)
  expect(text).toContain('error KW0001 x is not a function')
  expect(text).not.toMatch(/\n\s+at /)
})

test('a resource that the message names is not named again', () => {
  const error = errorOf({ resource: 'file:/etc/a', message: 'file:/etc/a is still not as it shall be' })
  expect(errorsText([error], plain)).not.toContain('resource:')
})
