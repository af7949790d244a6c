import type { Change, Finding, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** What is left of pods on a host; with a dead containerd its records are not seen, but the processes are. */
export interface PodsState {
  /** Ids of processes in the cgroups of pods, and of containerd's shims for Kubernetes. */
  readonly processes: readonly string[]
  readonly containers: readonly string[]
  /** Network namespaces of pods in which no process is left. */
  readonly networks: readonly string[]
  /** systemd's units for the cgroups of pods. */
  readonly slices: readonly string[]
  /** containerd's other namespaces with something that runs. */
  readonly foreign: readonly string[]
}

export interface PodsOptions {
  readonly criSocket: string
  /** Whether containerd goes with the cluster, so that nobody else's containers may run in it. */
  readonly ours: boolean
}

/** No pods: processes are ended by their cgroups, so that it works without the API server, the kubelet and containerd. */
export function endedPods({ criSocket, ours }: PodsOptions): Resource<PodsState> {
  const functions = scriptFile('host/reset.sh')
  return {
    id: 'reset:pods',
    probe: { script: lines(functions, sh`kw_pods_left ${criSocket}`), parse: parsePods },
    compare({ processes, containers, networks, slices }): Change | undefined {
      const found = [
        ...counted(containers.length, 'container'),
        ...counted(processes.length, 'process', 'processes'),
        ...counted(networks.length, 'network namespace'),
        ...counted(slices.length, 'slice'),
      ]
      if (found.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `end the pods of this host: ${found.join(', ')}`,
        impact: 'workload',
        actions: [
          {
            kind: 'run',
            command: lines(functions, sh`kw_end_pods ${criSocket} || exit 1`),
            undo: 'none',
          },
        ],
      }
    },
    digest: ({ processes, containers }) => processes.length + containers.length > 0,
    examine: ({ foreign }) => (ours && foreign.length > 0 ? [foreignContainers(foreign)] : []),
  }
}

function counted(count: number, one: string, several = `${one}s`): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`]
}

function foreignContainers(namespaces: readonly string[]): Finding {
  return {
    check: 'ForeignContainers',
    severity: 'error',
    message: `containers that are not Kubernetes' run in the containerd that goes with the cluster, in ${namespaces.join(', ')}`,
    hint: 'Stop them first (ctr -n NAMESPACE tasks ls); with --ignore ForeignContainers they are lost.',
  }
}

function parsePods(output: string): PodsState {
  const rows = output.split('\n').map((line) => line.split(' '))
  const of = (...kinds: readonly string[]): readonly string[] =>
    rows.flatMap(([kind = '', name = '']) => (kinds.includes(kind) ? [name] : []))
  return {
    processes: of('process', 'shim'),
    containers: of('container'),
    networks: of('network'),
    slices: of('slice'),
    foreign: of('foreign'),
  }
}
