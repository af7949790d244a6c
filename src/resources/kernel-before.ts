import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** What programs of a cluster change in a running kernel, beside what the inventory makes us set. */
const changedByPrograms = [
  // the kubelet
  'vm.overcommit_memory',
  'vm.panic_on_oom',
  'kernel.panic',
  'kernel.panic_on_oops',
  'kernel.keys.root_maxkeys',
  'kernel.keys.root_maxbytes',
  // kube-proxy
  'net.ipv4.conf.all.route_localnet',
  'net.ipv4.conf.all.arp_ignore',
  'net.ipv4.conf.all.arp_announce',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
  // the plugins of the pod network
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
]

/** Calico mounts it on hosts where systemd has not. */
const mounts = ['/sys/fs/bpf']

/**
 * A note of what the kernel was like before the cluster, which a reset goes by. It is made once, before any of the files
 * `traces` of ours is there: later it would tell of ourselves.
 */
export function notedKernel(ours: readonly string[], traces: readonly string[]): Resource<boolean> {
  const keys = [...new Set([...ours, ...changedByPrograms])].sort()
  return {
    id: 'kernel:before',
    probe: {
      script: sh`[ -e /var/lib/kubewright/originals/kernel ] || kw_installed_any ${traces} || echo due`,
      parse: (output) => output.trim() === 'due',
    },
    compare: (due): Change | undefined =>
      due
        ? {
            verb: 'run',
            summary: 'note the kernel parameters as they are, for a reset',
            impact: 'none',
            actions: [
              {
                kind: 'run',
                command: lines(scriptFile('host/kernel.sh'), sh`kw_note_kernel ${keys} ${mounts} || exit 1`),
                undo: 'none',
              },
            ],
          }
        : undefined,
  }
}

/** What is different from the note. */
export interface KernelState {
  readonly values: readonly { readonly key: string; readonly was: string; readonly is: string }[]
  readonly mounts: readonly string[]
}

/** The running kernel as it was before the cluster, as far as it was noted. What another file of the host sets is its owner's. */
export function restoredKernel(file: string): Resource<KernelState> {
  const functions = scriptFile('host/kernel.sh')
  return {
    id: 'reset:kernel',
    probe: { script: lines(functions, sh`kw_kernel_changed ${file} ${mounts}`), parse: parseKernel },
    compare({ values, mounts: mounted }): Change | undefined {
      if (values.length + mounted.length === 0) return undefined
      const what = [
        ...(values.length === 0
          ? []
          : [`put back ${values.map(({ key, was, is }) => `${key} = ${was} (is ${is})`).join(', ')}`]),
        ...(mounted.length === 0 ? [] : [`unmount ${mounted.join(', ')}`]),
      ]
      const commands = [
        ...values.map(({ key, was }) => sh`printf '%s\n' ${was} >${`/proc/sys/${key.replaceAll('.', '/')}`}`),
        ...mounted.map((path) => sh`umount ${path}`),
      ]
      return {
        verb: 'update',
        summary: what.join(', '),
        impact: 'none',
        actions: [{ kind: 'run', command: lines(...commands), undo: 'none' }],
      }
    },
    digest: ({ values, mounts: mounted }) => values.length + mounted.length > 0,
  }
}

function parseKernel(output: string): KernelState {
  const rows = output.split('\n').map((line) => line.split('\t'))
  return {
    values: rows.flatMap(([kind, key = '', was = '', is = '']) => (kind === 'sysctl' ? [{ key, was, is }] : [])),
    mounts: rows.flatMap(([kind, path = '']) => (kind === 'mount' ? [path] : [])),
  }
}
