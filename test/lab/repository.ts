import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The root of this repository, found from wherever the compiler has put this file. */
export const repositoryRoot: string = findRoot(import.meta.dirname)

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory
  const parent = dirname(directory)
  if (parent === directory) {
    throw new Error(`No package.json above ${import.meta.dirname}: run the lab from a checkout of the repository.`)
  }
  return findRoot(parent)
}
