import type { ExitClass } from '../engine/errors.ts'
import type { Flags } from './flags.ts'
import type { Interruption } from './interruption.ts'
import type { Io } from './io.ts'
import type { Screen } from './screen.ts'
import type { Services } from './services.ts'

/** One call of the program. */
export interface Invocation {
  /** As it was called: `apply`. */
  readonly verb: string
  readonly flags: Flags
  readonly io: Io
  readonly screen: Screen
  readonly interruption: Interruption
  readonly services: Services
}

/** What a command does; it throws errors for a person and resolves with what the exit code says. */
export type Verb = (invocation: Invocation) => Promise<ExitClass>
