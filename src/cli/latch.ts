/** A promise that is resolved from outside. */
export interface Latch {
  readonly opened: Promise<void>
  readonly open: () => void
}

/** A closed latch. */
export function latch(): Latch {
  const opening: (() => void)[] = []
  const opened = new Promise<void>((resolve) => opening.push(resolve))
  return {
    opened,
    open: () => {
      for (const open of opening) open()
    },
  }
}
