/** A piece of POSIX shell, built by {@link sh} alone, so that no unquoted value can reach a host. */
export interface Command {
  readonly kind: 'command'
  readonly text: string
}

/** A value that is never printed: `String()`, template literals, JSON and `util.inspect` all show `[redacted]`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself; call it only where the value is written to a 0600 file or to a process's stdin. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]'
  }
}

/** What `${}` of {@link sh} takes: a word is quoted, a list becomes quoted words, a command is spliced as it is. */
export type Word = string | number | Command | readonly (string | number)[]

const plainWord = /^[A-Za-z0-9_./:=@%+,-]+$/
/** Unquoted at the start of a line it would set a variable instead of being a word. */
const assignment = /^[A-Za-z_][A-Za-z0-9_]*=/

/** Quotes one word for `/bin/sh`; throws a TypeError for what can not be a word (a NUL byte, NaN, any other type). */
export function quote(word: string | number): string {
  if (typeof word !== 'string' && !Number.isFinite(word)) throw new TypeError(`sh: ${kindOf(word)} is not a word`)
  const text = String(word)
  if (text.includes('\0')) throw new TypeError('sh: a word can not hold a NUL byte')
  return plainWord.test(text) && !assignment.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The value itself is not shown: it may be what had to stay secret. */
function kindOf(value: unknown): string {
  if (typeof value === 'number' || value === undefined || value === null) return String(value)
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`
}

function spliced(word: unknown): string {
  if (typeof word === 'string' || typeof word === 'number') return quote(word)
  if (Array.isArray(word)) return word.map(quote).join(' ')
  if (isCommand(word)) return word.text
  throw new TypeError(`sh: \${} takes a string, a number, a list of those or a command, not ${kindOf(word)}`)
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'command'
}

/**
 * Builds a command for `/bin/sh`: `` sh`rm -f ${path}` ``. Interpolated strings are quoted; backslashes of the template
 * stay as they are written. What is not a {@link Word} (`undefined`, a `Secret`) throws a TypeError.
 */
export function sh(literals: TemplateStringsArray, ...words: readonly Word[]): Command {
  const text = literals.raw.reduce((line, literal, index) => line + spliced(words[index - 1]) + literal)
  return { kind: 'command', text }
}

/** Joins commands with newlines: each runs, whatever the one before it returned. */
export function lines(...commands: readonly (Command | undefined)[]): Command {
  const text = commands.flatMap((command) => (command === undefined ? [] : [command.text])).join('\n')
  return { kind: 'command', text }
}

/** Joins commands with `&&`: each runs only if the one before it succeeded. */
export function all(...commands: readonly Command[]): Command {
  return { kind: 'command', text: commands.map((command) => command.text).join(' && ') }
}
