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

/** Quotes one word for `/bin/sh`. */
export function quote(word: string | number): string {
  const text = String(word)
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

function spliced(word: Word): string {
  if (typeof word === 'string' || typeof word === 'number') return quote(word)
  if ('kind' in word) return word.text
  return word.map(quote).join(' ')
}

/** Builds a command for `/bin/sh`: `` sh`rm -f ${path}` ``. Interpolated strings are quoted; `Secret` is not accepted. */
export function sh(literals: TemplateStringsArray, ...words: readonly Word[]): Command {
  const text = literals.raw.reduce((line, literal, index) => line + spliced(words[index - 1] ?? '') + literal)
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
