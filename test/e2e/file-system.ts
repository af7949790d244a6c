import type { LabHost } from '../lab/index.ts'
import { inHost } from './support.ts'

/** What is on the disks of a host, one line a path. */
export type Snapshot = readonly string[]

// The last three are disks of their own.
const roots = ['/', '/var/lib/containerd', '/var/lib/etcd', '/var/lib/kubelet']
const alwaysMoving = ['/proc', '/sys', '/run', '/dev', '/tmp', '/var/log']

/** What moves by itself while a cluster runs: its data, containers, and the pods' own files. */
export const livingParts = ['/var/lib/etcd', '/var/lib/containerd', '/var/lib/kubelet/pods']

/** Every path with mode, owner, size, inode and times: no write escapes the ctime, which nobody can set. */
export async function fileSystem(host: LabHost, skipped: readonly string[] = []): Promise<Snapshot> {
  return (await inHost(host, `${findOf(skipped)} -printf '%p %y %m %U:%G %s %i %C@ %T@ %l\\n' | sort -u`)).split('\n')
}

/** Every path with mode, owner and content, whenever it was written. Large files count by their size. */
export async function contents(host: LabHost, skipped: readonly string[] = []): Promise<Snapshot> {
  const find = findOf(skipped)
  const script = `${find} ! -type f -printf '%p %y %m %U:%G %l\\n' | sort -u
${find} -type f -printf '%p %y %m %U:%G %s\\n' | sort -u
${find} -type f -size -4096k -print0 | sort -zu | xargs -0 sha256sum`
  return (await inHost(host, script)).split('\n')
}

/** The lines that only one of two snapshots has. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
  const [was, is] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
  ]
}

function findOf(skipped: readonly string[]): string {
  const pruned = [...alwaysMoving, ...skipped].map((path) => `-path ${path} -prune`).join(' -o ')
  return `find ${roots.join(' ')} -xdev \\( ${pruned} \\) -o`
}
