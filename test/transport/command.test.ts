import { execFileSync } from 'node:child_process'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { all, lines, quote, Secret, sh, type Word } from '../../src/transport/command.ts'

/** What a real shell makes of words: each as an argument of its own. */
function argumentsOf(line: string): string[] {
  const output = execFileSync('/bin/sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`])
  return output.toString('utf8').split('\0').slice(0, -1)
}

const word = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'))

test('every word comes out of a real shell as it went in', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
      expect(argumentsOf(sh`${words}`.text)).toEqual(words)
    }),
    { numRuns: 60 },
  )
})

test('words made of the characters that shells care about come out as they went in', () => {
  const nasty = fc.string({ unit: fc.constantFrom(...Array.from(`'"\\$\`!*?[]{}()<>|&;#~= \t\n%-a`)), maxLength: 30 })
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1, maxLength: 30 }), (words) => {
      expect(argumentsOf(words.map((each) => sh`${each}`.text).join(' '))).toEqual(words)
    }),
    { numRuns: 60 },
  )
})

test('a plain word stays readable, any other is quoted', () => {
  expect(sh`install -m ${'0644'} ${'/etc/a b'} ${"it's"} ${''}`.text).toBe(`install -m 0644 '/etc/a b' 'it'\\''s' ''`)
  expect(quote('--node-ip=10.0.0.1')).toBe('--node-ip=10.0.0.1')
})

test('a word that looks like an assignment does not become one', () => {
  expect(execFileSync('/bin/sh', ['-c', sh`${'PATH=/nowhere'} 2>/dev/null; echo $?`.text]).toString()).toBe('127\n')
})

test('numbers, lists and commands are spliced', () => {
  const inner = sh`cat ${'/tmp/a b'}`
  expect(sh`${inner} | head -n ${3} ${['x', 'y z', 1]}`.text).toBe(`cat '/tmp/a b' | head -n 3 x 'y z' 1`)
  expect(sh`echo ${[]}`.text).toBe('echo ')
})

test('backslashes of a template stay', () => {
  expect(sh`printf 'a\tb\n' | sed 's/\./\\/'`.text).toBe(String.raw`printf 'a\tb\n' | sed 's/\./\\/'`)
})

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a Secret', new Secret('hunter2')],
  ['an object', { text: 'rm -rf /' }],
  ['a boolean', true],
  ['a list that holds undefined', ['a', undefined]],
  ['a list that holds a Secret', [new Secret('hunter2')]],
  ['NaN', Number.NaN],
  ['a word with a NUL byte', 'a\0b'],
])('%s is refused at run time', (_name, value) => {
  const make = () => sh`echo ${value as unknown as Word}`
  expect(make).toThrow(TypeError)
  expect(make).not.toThrow(/hunter2/)
})

test('commands are joined', () => {
  expect(lines(sh`a`, undefined, sh`b`).text).toBe('a\nb')
  expect(all(sh`a`, sh`b`).text).toBe('a && b')
})

test('a secret is never printed', () => {
  const secret = new Secret('hunter2')
  const holder = { nested: [secret], secret }
  const printed = [
    String(secret),
    `the password is ${secret as unknown as string}`,
    JSON.stringify(holder),
    inspect(holder, { depth: 5, showHidden: true }),
    inspect(secret, { customInspect: false }),
    Object.values(secret).join(''),
    JSON.stringify(structuredClone(secret)),
    new Error('failed', { cause: secret }).stack ?? '',
    inspect(new Error('failed', { cause: secret })),
  ].join('\n')
  expect(printed).toContain('[redacted]')
  expect(printed).not.toContain('hunter2')
  expect(secret.reveal()).toBe('hunter2')
})
