import { sandboxHost, type SandboxHost } from './sandbox-host.ts'

/** A line of `etcdctl member list`: the voter on the control plane of this number. */
export function voter(index: number): string {
  return `aaa${index}, started, cp${index}, https://10.89.5.1${index}:2380, https://10.89.5.1${index}:2379, false`
}

/** Makes these the members that the host's etcd tells of, as lines of `member list`. */
export function setMembers(host: SandboxHost, lines: readonly string[]): void {
  host.write('/fake/etcd/members', lines.map((line) => `${line}\n`).join(''))
}

/** cp1 with a member of an etcd with data and three voters. */
export function memberHost(): SandboxHost {
  const host = sandboxHost({ name: 'cp1' })
  host.install('etcdctl')
  host.install('etcdutl')
  host.write('/proc/sys/kernel/hostname', 'cp1\n')
  host.write('/fake/etcd/data', 'all keys')
  setMembers(host, [1, 2, 3].map(voter))
  return host
}
