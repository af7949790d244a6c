import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { gathering } from '../../src/transport/gathering.ts'

test('what is written in one turn of the event loop is sent by one call, in order', async () => {
  const calls: string[] = []
  const stream = gathering(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        calls.push(chunk.toString())
        done()
      },
      writev(chunks, done) {
        calls.push(chunks.map(({ chunk }) => String(chunk)).join(''))
        done()
      },
    }),
  )
  for (const text of ['a', 'b', 'c']) stream.write(text)
  await turn()
  stream.write('d')
  await turn()
  expect(calls).toEqual(['abc', 'd'])
})
