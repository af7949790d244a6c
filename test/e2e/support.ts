import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../src/package.ts'
import { hostExec, type Lab, type LabHost } from '../lab/index.ts'

/** What a run of the command line left. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called with each line of stdout as it comes. */
  readonly line?: (line: string, child: ChildProcess) => void
}

/** Runs the compiled command, as a person does. */
export async function kubewright(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const main = join(packageRoot, 'dist/src/cli/main.js')
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? packageRoot,
    env: { ...process.env, ...options.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr, open] = ['', '', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    const lines = (open + chunk).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) options.line?.(line, child)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

/** Runs a verb against a lab's inventory. */
export function onLab(lab: Lab, verb: string, ...args: readonly string[]): Promise<Outcome> {
  return kubewright([verb, '--inventory', lab.inventoryPath, ...args])
}

/** `kubectl` on the first control plane, past SSH: the outside look at a cluster. */
export async function kubectl(lab: Lab, args: string): Promise<string> {
  const result = await hostExec(hostOf(lab, 'cp1'), `kubectl --kubeconfig /etc/kubernetes/admin.conf ${args}`)
  if (result.exitCode !== 0) throw new Error(`kubectl ${args}: ${result.stderr}`)
  return result.stdout
}

export function hostOf(lab: Lab, name: string): LabHost {
  const host = lab.hosts.find((candidate) => candidate.name === name)
  if (host === undefined) throw new Error(`the lab ${lab.name} has no host ${name}`)
  return host
}

/** Every file, link and directory of a host with mode, owner, size, time and hash, but for what changes by itself. */
export async function fileSystem(host: LabHost): Promise<string> {
  const skipped = ['/proc', '/sys', '/run', '/dev', '/tmp', '/var/log']
    .map((path) => `-path ${path} -prune -o`)
    .join(' ')
  const { stdout } = await hostExec(
    host,
    `find / -xdev ${skipped} -printf '%p %y %m %U:%G %s %T@ %l\\n' | sort; find / -xdev ${skipped} -type f -print0 | sort -z | xargs -0 sha256sum`,
  )
  return stdout
}
