import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

function findRoot(directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : findRoot(dirname(directory))
}

/** The directory of the installed package: the parent of `templates/` and `playbooks/`, for sources and for compiled code. */
export const packageRoot = findRoot(import.meta.dirname)

/** Version of the program, as in package.json. */
export const programVersion = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version
