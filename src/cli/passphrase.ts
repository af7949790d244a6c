import type { ReadStream, WriteStream } from 'node:tty'
import { Secret } from '../transport/command.ts'
import type { AskPassphrase } from '../transport/target.ts'

/**
 * Asks for the passphrase of a key file on a terminal, without an echo. Several hosts that want the same key ask once, and
 * one question is open at a time. Undefined where there is no terminal.
 */
export function passphrasePrompt(input: ReadStream, output: WriteStream): AskPassphrase | undefined {
  if (!input.isTTY || !output.isTTY) return undefined
  const answers = new Map<string, Promise<Secret | undefined>>()
  let last: Promise<unknown> = Promise.resolve()
  return async (file) => {
    const known = answers.get(file)
    if (known !== undefined) return known
    const answer = last.then(async () => readHidden(`Passphrase for ${file}: `, input, output))
    answers.set(file, answer)
    last = answer
    return answer
  }
}

const enter = new Set(['\r', '\n'])
const erase = new Set(['\b', '\u007F'])
const endOfInput = '\u0004'
const interrupt = '\u0003'

/** An empty answer is none. */
async function readHidden(question: string, input: ReadStream, output: WriteStream): Promise<Secret | undefined> {
  output.write(`\r\u001B[2K${question}`) // in place of the line that says what is being read
  input.setRawMode(true)
  try {
    const typed = await typedLine(input)
    return typed === '' ? undefined : new Secret(typed)
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
}

/** What is typed until the line or the input ends; one listener for all of it, because keys between two would be lost. */
async function typedLine(input: ReadStream): Promise<string> {
  return new Promise((resolve) => {
    let typed = ''
    const done = (line: string): void => {
      input.off('data', onData)
      input.off('end', onEnd)
      resolve(line)
    }
    const onEnd = (): void => done('')
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (enter.has(character) || character === endOfInput) return done(typed)
        if (character === interrupt) {
          process.kill(process.pid, 'SIGINT') // raw mode keeps the terminal from sending it
          return done('')
        }
        typed = erase.has(character) ? typed.slice(0, -1) : typed + character
      }
    }
    input.on('data', onData)
    input.on('end', onEnd)
    input.resume()
  })
}
