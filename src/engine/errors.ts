/** Classes of failure, each with an exit code of its own; the README documents them. */
export const exitCodes = {
  success: 0,
  internal: 1,
  changes: 2,
  usage: 3,
  inventory: 4,
  connection: 5,
  preflight: 6,
  locked: 7,
  apply: 8,
  stale: 9,
  refused: 10,
  unhealthy: 11,
  interrupted: 130,
} as const

export type ExitClass = keyof typeof exitCodes

export interface ErrorDetails {
  /** Stable: `KW` and four digits. */
  readonly code: string
  readonly exit: ExitClass
  /** What happened, one sentence. */
  readonly message: string
  /** What to do now, one sentence. */
  readonly hint: string
  readonly host?: string
  readonly resource?: string
  /** The last lines that the failing command wrote, secrets never in them. */
  readonly output?: string
  readonly cause?: unknown
}

/** An error for a person: stable code, what, where, why, what to do now. */
export class KubewrightError extends Error {
  override readonly name = 'KubewrightError'
  readonly details: ErrorDetails

  constructor(details: ErrorDetails) {
    super(details.message, { cause: details.cause })
    this.details = details
  }
}

/** Several hosts' errors at once, in the order in which they happened. */
export class KubewrightErrors extends Error {
  override readonly name = 'KubewrightErrors'
  readonly errors: readonly KubewrightError[]

  constructor(errors: readonly KubewrightError[]) {
    super(errors.map((error) => error.message).join('\n'))
    this.errors = errors
  }
}

/** The errors for a person in whatever was thrown; anything that is not one of ours is a defect, code KW0001. */
export function errorsIn(thrown: unknown): readonly KubewrightError[] {
  if (thrown instanceof KubewrightErrors) return thrown.errors
  if (thrown instanceof KubewrightError) return [thrown]
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const hint = 'This is a defect of kubewright; the run log in .kubewright/logs/ has the details. Please report it.'
  return [new KubewrightError({ code: 'KW0001', exit: 'internal', message, hint, cause: thrown })]
}
