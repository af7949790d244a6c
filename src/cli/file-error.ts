import { KubewrightError } from '../engine/errors.ts'

/** Waits for a file to be written; what the system refuses is an error of whoever named the file. */
export async function writing<Result>(file: string, work: Promise<Result>): Promise<Result> {
  return work.catch((cause: unknown) => {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw new KubewrightError({
      code: 'KW5005',
      exit: 'usage',
      message: `${file} cannot be written: ${cause.message}`,
      hint: 'Name a file that can be written.',
      cause,
    })
  })
}
