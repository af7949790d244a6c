import { expect, test } from 'vitest'
import { inventoryCodes } from '../../src/inventory/codes.ts'
import { etcd } from './cases/etcd.ts'
import { files } from './cases/files.ts'
import { hosts } from './cases/hosts.ts'
import { keys } from './cases/keys.ts'
import { network } from './cases/network.ts'
import { syntax } from './cases/syntax.ts'
import { together } from './cases/together.ts'
import { words } from './cases/words.ts'
import { problemsOf } from './support.ts'

const cases = [syntax, keys, words, hosts, network, etcd, files, together].flat()

test.each(cases)('$title', async ({ text, files, printed }) => {
  expect((await problemsOf(text, files)).printed).toEqual(printed)
})

test('every code that the loader can report for a file has a case', () => {
  const reported = new Set(cases.flatMap(({ printed }) => printed.join('\n').match(/KW\d{4}/g) ?? []))
  // KW1000 is about a file that cannot be read: load.test.ts.
  expect(Object.keys(inventoryCodes).filter((code) => !reported.has(code))).toEqual(['KW1000'])
})

test('every problem says what to do', async () => {
  for (const { text, files } of cases) {
    for (const problem of (await problemsOf(text, files)).problems) expect(problem.hint, problem.message).toMatch(/\w/)
  }
})
