import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDocument, type Document } from 'yaml'
import { packageRoot } from '../../src/package.ts'
import { hostExec, type Lab, type LabHost } from '../lab/index.ts'

/** What a run of the command line left. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds. */
  readonly elapsed: number
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called with each line of stdout as it comes. */
  readonly line?: (line: string, child: ChildProcess) => void
  /** Called with the process when it is started. */
  readonly started?: (child: ChildProcess) => void
}

/** A run that hangs is ended, so that one defect does not cost the time of all the tests after it. */
const longest = 8 * 60_000

/** Runs the compiled command, as a person does. */
export async function kubewright(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const began = performance.now()
  const main = join(packageRoot, 'dist/src/cli/main.js')
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? packageRoot,
    env: { ...process.env, ...options.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longest,
    killSignal: 'SIGKILL',
  })
  options.started?.(child)
  let [stdout, stderr, open] = ['', '', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    const lines = (open + chunk).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) options.line?.(line, child)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr, elapsed: performance.now() - began }
}

/** Runs a verb against a lab's inventory. */
export function onLab(lab: Pick<Lab, 'inventoryPath'>, verb: string, ...args: readonly string[]): Promise<Outcome> {
  return kubewright([verb, '--inventory', lab.inventoryPath, ...args])
}

/** One line of `--output json`; only the fields that tests read. */
export interface EventRecord {
  readonly type: string
  readonly host?: string
  readonly resource?: string
  readonly verb?: string
  readonly operation?: string
  readonly resumed?: boolean
  readonly changes?: number
  readonly outcome?: string
  readonly error?: { readonly code: string; readonly exit: string; readonly message: string; readonly host?: string }
  readonly hosts?: Readonly<Record<string, { readonly executions: number }>>
  readonly plan?: PlanDocument
}

/** A saved plan, and what `plan --output json` prints. */
export interface PlanDocument {
  readonly operation: string
  readonly entries: readonly { readonly host: string; readonly id: string; readonly verb: string }[]
}

/** The lines of a run with `--output json`. */
export function recordsOf({ stdout }: Pick<Outcome, 'stdout'>): readonly EventRecord[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventRecord)
}

/** `host id verb` of every change that a run reports as made, sorted. */
export function changesMade(outcome: Outcome): readonly string[] {
  const finished = recordsOf(outcome).filter(({ type }) => type === 'change-finished')
  return finished.map(({ host, resource, verb }) => `${host} ${resource} ${verb}`).toSorted()
}

/** `host id verb` of every change that a plan announces, sorted; what is only waited for is no change. */
export function changesPlanned({ entries }: PlanDocument): readonly string[] {
  return entries
    .filter(({ verb }) => verb !== 'wait')
    .map(({ host, id, verb }) => `${host} ${id} ${verb}`)
    .toSorted()
}

/** What `plan` announces. */
export async function planOf(lab: Pick<Lab, 'inventoryPath'>, ...args: readonly string[]): Promise<readonly string[]> {
  const outcome = await onLab(lab, 'plan', '--output', 'json', ...args)
  if (outcome.code !== 0 && outcome.code !== 2) throw new Error(`plan: ${outcome.code} ${outcome.stdout}`)
  return changesPlanned(JSON.parse(outcome.stdout) as PlanDocument)
}

/** What `check network --output json` prints; only the fields that tests read. */
interface CheckDocument {
  readonly cells: readonly {
    readonly kind: string
    readonly from: string
    readonly to?: string
    readonly state: string
  }[]
  readonly causes: readonly { readonly message: string; readonly hint: string }[]
}

/** Checks the network of a lab; `failed` holds what failed as `kind from to`, sorted. */
export async function checkNetwork(lab: Pick<Lab, 'inventoryPath'>) {
  const outcome = await kubewright(['check', 'network', '--inventory', lab.inventoryPath, '--output', 'json'])
  if (outcome.stdout === '') throw new Error(`check network: ${outcome.code} ${outcome.stderr}`)
  const { cells, causes } = JSON.parse(outcome.stdout) as CheckDocument
  const failed = cells.filter(({ state }) => state === 'failed')
  return {
    ...outcome,
    cells,
    causes,
    failed: failed.map(({ kind, from, to = '-' }) => `${kind} ${from} ${to}`).toSorted(),
  }
}

/** `kubectl` on the first control plane, past SSH: the outside look at a cluster. It leaves nothing in root's home. */
export async function kubectl(lab: Lab, args: string): Promise<string> {
  return inHost(hostOf(lab, 'cp1'), `kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /tmp/kubectl ${args}`)
}

/** Runs a command as root in a host, past SSH; what it prints. */
export async function inHost(host: LabHost, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await hostExec(host, command)
  if (exitCode !== 0) throw new Error(`${host.name}: ${command}: exit code ${exitCode}\n${stdout}\n${stderr}`)
  return stdout
}

export function hostOf(lab: Lab, name: string): LabHost {
  const host = lab.hosts.find((candidate) => candidate.name === name)
  if (host === undefined) throw new Error(`the lab ${lab.name} has no host ${name}`)
  return host
}

/** Repeats until it does not throw. */
export async function eventually<Result>(seconds: number, attempt: () => Promise<Result>): Promise<Result> {
  const end = Date.now() + seconds * 1000
  while (true) {
    try {
      return await attempt()
    } catch (thrown) {
      if (Date.now() > end) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/** A working directory of its own, with nothing but an inventory that pins the host keys, and the SSH key. */
export interface Elsewhere extends AsyncDisposable {
  readonly directory: string
  readonly inventoryPath: string
}

/** Another place to work from; `change` may edit the inventory there. */
export async function elsewhere(lab: Lab, change?: (inventory: Document) => void): Promise<Elsewhere> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-e2e-'))
  const inventoryPath = join(directory, 'inventory.yaml')
  const inventory = parseDocument(await readFile(lab.inventoryPath, 'utf8'))
  inventory.deleteIn(['spec', 'ssh', 'knownHostsFile'])
  const known = (await readFile(lab.knownHostsFile, 'utf8')).split('\n')
  for (const [index, { address }] of lab.hosts.entries()) {
    const line = known.find((candidate) => candidate.startsWith(`${address} `))
    if (line === undefined) throw new Error(`${lab.knownHostsFile} has no key of ${address}`)
    inventory.setIn(['spec', 'hosts', index, 'ssh', 'hostKey'], line.slice(address.length + 1))
  }
  change?.(inventory)
  await writeFile(inventoryPath, inventory.toString())
  await writeFile(join(directory, 'id_ed25519'), await readFile(lab.identityFile), { mode: 0o600 })
  return {
    directory,
    inventoryPath,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
