import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { packageRoot } from '../../src/package.ts'
import type { Lab, LabHost } from '../lab/index.ts'
import { $ } from '../lab/shell.ts'
import type { ProbeAnswer, ProbeQuestion } from './probe.ts'
import { answersEverywhere } from './recovery.ts'
import { eventually, hostOf, inHost, kubectl } from './support.ts'

/** What a client on a worker sees while something happens: of the API by the node's endpoint, with and without etcd, and of a service. */
export interface Seen {
  /** An object, which the API server reads from etcd. */
  readonly object: ProbeAnswer
  /** The version, which it knows by itself. */
  readonly version: ProbeAnswer
  readonly service: ProbeAnswer
}

const service = 'probed'

/** A service with three replicas, which the workers share, and which answers on every host. */
export async function serveProbed(lab: Lab): Promise<void> {
  const images = await inHost(hostOf(lab, 'w1'), 'ctr -n k8s.io images ls -q')
  const agnhost = images.match(/^\S+\/agnhost:\S+$/m)?.[0]
  const command = '/agnhost netexec --http-port=8080'
  await kubectl(lab, `create deployment ${service} --image ${agnhost} --replicas 3 --port 8080 -- ${command}`)
  await kubectl(lab, `expose deployment ${service} --port 80 --target-port 8080`)
  await kubectl(lab, `rollout status deployment ${service} --timeout 120s`)
  const address = await kubectl(lab, `get service ${service} -o jsonpath={.spec.clusterIP}`)
  // A pod is ready before kube-proxy on each node knows of it.
  await eventually(60, () => answersEverywhere(lab, address))
}

/** Probes from a worker while `event` happens and `seconds` more, after two seconds in which nothing happens. */
export async function probed(
  lab: Lab,
  { worker, seconds, endpoint = 'https://127.0.0.1:6443' }: { worker: LabHost; seconds: number; endpoint?: string },
  event: () => Promise<void>,
): Promise<Seen> {
  const question = await questionOf(lab, endpoint)
  const pid = (await $`podman inspect --format ${'{{.State.Pid}}'} ${worker.container}`).stdout.trim()
  // Hosts have no Node; this machine's is enough in the network of the worker.
  const program = [process.execPath, join(packageRoot, 'dist/test/e2e/probe.js')]
  const child = spawn('nsenter', ['--target', pid, '--net', ...program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = text(child.stdout)
  child.stdin.write(`${JSON.stringify(question)}\n`)
  await pause(2)
  await event()
  await pause(seconds)
  child.stdin.end()
  return JSON.parse(await answers) as Seen
}

/** Seconds for which whoever asked had no answer. */
export function unreachable({ asked, elapsed, failed }: ProbeAnswer): number {
  return (failed.length * elapsed) / asked / 1000
}

/** One line of figures, for whoever reads the output of the tests. */
export function tellSeen(what: string, seen: Seen): void {
  const parts = Object.entries(seen).map(([name, answer]: [string, ProbeAnswer]) => {
    const { asked, failed, reasons, slowest } = answer
    const span = failed.length === 0 ? '' : ` (asked from ${failed[0]} to ${failed.at(-1)} ms: ${reasons.join(', ')})`
    return `${name} ${unreachable(answer).toFixed(2)} s of ${asked} asked, slowest ${slowest} ms${span}`
  })
  process.stderr.write(`${what}: unreachable ${parts.join('; ')}\n`)
}

async function questionOf(lab: Lab, endpoint: string): Promise<ProbeQuestion> {
  const admin = parse(await inHost(hostOf(lab, 'cp1'), 'cat /etc/kubernetes/admin.conf')) as Kubeconfig
  const user = admin.users[0]?.user
  return {
    api: { object: `${endpoint}/api/v1/namespaces/default`, version: `${endpoint}/version` },
    ca: decoded(admin.clusters[0]?.cluster['certificate-authority-data']),
    cert: decoded(user?.['client-certificate-data']),
    key: decoded(user?.['client-key-data']),
    service: { name: `${service}.default.svc.cluster.local`, server: '10.96.0.10', port: 80 },
  }
}

function decoded(data = ''): string {
  return Buffer.from(data, 'base64').toString('utf8')
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[]
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[]
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}
