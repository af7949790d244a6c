/** Cuts a stream of chunks into lines of text; a character that arrives in two chunks stays whole. */
export interface LineReader {
  push(chunk: Buffer): void
  end(): void
  /** The next line without its newline; undefined after the last. Calls are answered in their order. */
  line(): Promise<string | undefined>
}

/** Makes a reader that keeps what was not asked for yet. */
export function lineReader(): LineReader {
  const ready: string[] = []
  const asking: ((line: string | undefined) => void)[] = []
  let rest = Buffer.alloc(0)
  let ended = false

  function deliver(line: string): void {
    const ask = asking.shift()
    if (ask === undefined) ready.push(line)
    else ask(line)
  }

  return {
    push(chunk) {
      rest = Buffer.concat([rest, chunk])
      for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10)) {
        deliver(rest.toString('utf8', 0, newline))
        rest = rest.subarray(newline + 1)
      }
    },
    end() {
      if (rest.length > 0) deliver(rest.toString('utf8'))
      rest = Buffer.alloc(0)
      ended = true
      for (const ask of asking.splice(0)) ask(undefined)
    },
    async line() {
      const next = ready.shift()
      if (next !== undefined || ended) return next
      return new Promise((resolve) => asking.push(resolve))
    },
  }
}
