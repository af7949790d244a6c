import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package.ts'
import { sh, type Command } from '../transport/command.ts'

/** Shell of the package itself, from `templates/`. */
export function scriptFile(name: string): Command {
  return { kind: 'command', text: readFileSync(join(packageRoot, 'templates', name), 'utf8') }
}

/** A script that arrives cut off is a syntax error then, so that no part of it runs. */
export function braced(script: Command): Command {
  return sh`{
${script}
exit 0
}`
}
