import { createInterface, type Interface } from 'node:readline'
import type { Io, OutputStream } from './io.ts'
import { type Style, styleOf, wantsColour } from './style.ts'

/** What a verb says to a person or a program, and asks of a person. */
export interface Screen {
  /** What was asked for: goes to stdout, with a newline. */
  readonly print: (text: string) => void
  /** What is said besides: goes to stderr, with a newline. */
  readonly say: (text: string) => void
  /** For `print`, and for `say`. */
  readonly style: Style
  readonly sayStyle: Style
  /** Whether somebody can answer. */
  readonly interactive: boolean
  /** Asks on stderr; undefined when the input ends before an answer. */
  readonly ask: (question: string) => Promise<string | undefined>
}

/** The screen of an invocation. A reader who has gone away (`| head`) is not an error: the rest is not written. */
export function openScreen(io: Io, flags: { readonly color: boolean }): Screen {
  const print = writer(io.stdout)
  const say = writer(io.stderr)
  const ask = answers(io, say)
  return {
    print: (text) => print(`${text}\n`),
    say: (text) => say(`${text}\n`),
    style: styleOf(wantsColour(io.stdout, flags.color, io.env)),
    sayStyle: styleOf(wantsColour(io.stderr, flags.color, io.env)),
    interactive: io.stdin.isTTY === true && io.stderr.isTTY === true,
    ask,
  }
}

/** Writes until the stream fails, which EPIPE is: nobody is there to be told, and an apply must go on. */
function writer(stream: OutputStream): (text: string) => void {
  let failed = false
  stream.on('error', () => (failed = true))
  return (text) => {
    if (!failed) stream.write(text)
  }
}

/** One reader for all questions: a second one would lose what the first has already read. */
function answers(io: Io, write: (text: string) => void): Screen['ask'] {
  let reader: Interface | undefined
  let lines: AsyncIterator<string> | undefined
  return async (question) => {
    write(question)
    // Not in terminal mode: the terminal itself edits the line, and Ctrl-C stays a signal.
    reader ??= createInterface({ input: io.stdin, terminal: false })
    lines ??= reader[Symbol.asyncIterator]()
    reader.resume()
    const { value, done } = await lines.next()
    reader.pause() // an open stdin would keep the process alive
    return done === true ? undefined : value.trim()
  }
}
