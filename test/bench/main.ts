import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { packageRoot } from '../../src/package.ts'
import { labNetworks, type LabNetwork } from '../lab/hosts/inventory.ts'
import { buildArtifacts, labDown, labUp, snapshotReset, type Lab } from '../lab/index.ts'

/** The part of the script's time that we may take, for each network. */
const limits: Readonly<Record<LabNetwork, number>> = { flannel: 0.75, calico: 0.8 }

/** One run of either side: seconds until all pods are ready. */
interface Run {
  readonly seconds: number
}

interface OurRun extends Run {
  /** Peak resident memory of the command, MiB. */
  readonly memory: number
  readonly traffic: string
}

const { name, rounds, workers, controlPlanes, cni } = new Command('bench')
  .description('bare hosts to all pods ready: kubewright against a parallel script with the real kubeadm')
  .option('--name <name>', 'name of the lab', 'bench')
  .option('--rounds <count>', 'alternating runs of each', Number, 3)
  .option('--control-planes <count>', 'control planes', Number, 1)
  .option('--workers <count>', 'worker hosts', Number, 2)
  .addOption(new Option('--cni <name>', 'network of both').choices(labNetworks).default('flannel'))
  .parse()
  .opts<{ name: string; rounds: number; workers: number; controlPlanes: number; cni: LabNetwork }>()

await buildArtifacts({ kubernetes: ['1.37.1'], calico: cni === 'calico' })
const lab = await labUp({ name, controlPlanes, workers, cni })
try {
  const [ours, theirs]: [OurRun[], Run[]] = [[], []]
  for (let round = 1; round <= rounds; round += 1) {
    await bareHosts(lab)
    theirs.push(await baseline(lab))
    await bareHosts(lab)
    ours.push(await kubewright(lab))
    const [our, their] = [ours.at(-1), theirs.at(-1)]
    if (our === undefined || their === undefined) throw new Error('a run is missing')
    print(`round ${round}: kubeadm script ${their.seconds.toFixed(1)} s, kubewright ${our.seconds.toFixed(1)} s`)
  }
  report(ours, theirs)
} finally {
  await labDown(lab.name)
}

/** Bare hosts that have booted, and a machine that has written and deleted what the run before left to do. */
async function bareHosts({ name }: Lab): Promise<void> {
  await snapshotReset(name)
  execFileSync('sync')
  await sleep(8000)
}

function report(ours: readonly OurRun[], theirs: readonly Run[]): void {
  const [our, their] = [median(ours.map((run) => run.seconds)), median(theirs.map((run) => run.seconds))]
  const ratios = ours.map((run, index) => run.seconds / (theirs[index]?.seconds ?? 1))
  print(`
bare hosts to all pods ready, ${controlPlanes} control plane${controlPlanes === 1 ? '' : 's'} and ${workers} workers, ${cni}, median of ${ours.length} alternating runs
  kubeadm script   ${their.toFixed(1)} s
  kubewright       ${our.toFixed(1)} s
  ratio            ${(our / their).toFixed(2)}   (of the pairs: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; at most ${limits[cni]} is wanted)
  peak memory      ${Math.max(...ours.map((run) => run.memory)).toFixed(0)} MiB   (at most 200 is wanted)

SSH executions and bytes of the last run, the proof included
${ours.at(-1)?.traffic ?? ''}`)
}

async function baseline({ name }: Lab): Promise<Run> {
  const child = spawn('bash', [join(packageRoot, 'test/lab/baseline.sh'), '--cni', cni, name, '1.37.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`the kubeadm script failed with exit code ${code}`)
  const last = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { milliseconds: Record<string, number> }
  return { seconds: Math.max(...Object.values(last.milliseconds)) / 1000 }
}

async function kubewright({ inventoryPath }: Lab): Promise<OurRun> {
  const began = Date.now()
  const main = join(packageRoot, 'dist/src/cli/main.js')
  const args = [main, 'apply', '--yes', '--verbose', '--output', 'json', '--inventory', inventoryPath]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let [open, seconds, traffic, memory] = ['', 0, '', 0]
  const sampling = setInterval(() => void peakMemory(child.pid).then((peak) => (memory = Math.max(memory, peak))), 200)
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (open + chunk).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) {
      const event = JSON.parse(line) as Record<'type' | 'task' | 'phase' | 'host' | 'resource' | 'reason', string> & {
        hosts?: object
      }
      if (event.type === 'task-finished' && event.task === 'proof/ready') seconds = (Date.now() - began) / 1000
      if (event.type === 'phase-finished' && seconds === 0)
        process.stderr.write(`${String(Date.now() - began).padStart(6)} ms  ${event.phase} on ${event.host}\n`)
      if (event.type === 'waiting' && event.resource === 'gate:system-pods')
        process.stderr.write(`${String(Date.now() - began).padStart(6)} ms  ${event.reason}\n`)
      if (event.type === 'traffic') traffic = trafficTable(event.hosts ?? {})
    }
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(sampling)
  if (code !== 0 || seconds === 0) throw new Error(`kubewright apply failed with exit code ${code}`)
  return { seconds, memory, traffic }
}

function trafficTable(hosts: object): string {
  const rows = Object.entries(hosts).map(([host, traffic]) => {
    const { executions, bytesSent, bytesReceived } = traffic as Record<string, number>
    return `  ${host.padEnd(6)} ${executions} executions, ${mebibytes(bytesSent)} sent, ${mebibytes(bytesReceived)} received`
  })
  return rows.join('\n')
}

function mebibytes(bytes = 0): string {
  return `${(bytes / 1048576).toFixed(1)} MiB`
}

async function peakMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
